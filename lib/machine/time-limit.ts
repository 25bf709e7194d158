/**
 * Limits how long something may take.
 *
 * @module
 */
import type { Clock } from "./machine.ts";

/** Runs an action whose signal is aborted when it has taken too long. */
export async function withTimeLimit<Result>(
  clock: Clock,
  ms: number,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const limit = new AbortController();
  const done = new AbortController();
  void clock.sleep(ms, done.signal).then(() => limit.abort());
  try {
    return await action(limit.signal);
  } finally {
    done.abort();
  }
}
