/**
 * Work that is stopped when a watch finds that it cannot succeed any more.
 *
 * @module
 */
import { ExecutorError } from "../../lib/errors.ts";

/**
 * Does some work while something is watched.
 *
 * @param watch Gives why the work is to be stopped, if that happens before `done` is aborted. One that fails stops nothing.
 * @throws ExecutorError what the watch gave, when the work has ended because of it; else whatever the work throws.
 */
export async function underWatch<Result>(
  signal: AbortSignal,
  watch: (done: AbortSignal) => Promise<ExecutorError>,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const found = new AbortController();
  const done = new AbortController();
  const watching = watch(done.signal).then(
    (reason) => found.abort(reason),
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, found.signal]));
  } catch (error) {
    const reason: unknown = found.signal.reason;
    throw reason instanceof ExecutorError && !signal.aborted ? reason : error;
  } finally {
    done.abort();
    await watching;
  }
}
