/**
 * Notices that the storage does not answer while a backup or a restore needs it. pgBackRest itself tries again for minutes with
 * each file, and says nothing meanwhile; and PostgreSQL takes WAL that it cannot get for WAL that there is not.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutorError, StorageError } from "../../../lib/errors.ts";
import type { JobContext } from "../../../lib/executor.ts";
import type { Failure } from "../../../lib/job/report.ts";
import { storageFailureCode } from "../../../lib/storage/storage-failure.ts";

/** How far a command that copies is. Whoever reads its log changes it. */
export interface Copying {
  /** When it last copied a file, by `performance.now()`. */
  lastCopiedAtMs: number;
}

/** A stretch of time in which the storage answered nobody. */
export interface Outage {
  /** When the first question was asked that got no answer. */
  readonly sinceMs: number;
  /** How many questions got none. */
  readonly questions: number;
}

/** A question to the storage. */
export interface Question {
  readonly askedAtMs: number;
  readonly isAnswered: boolean;
}

/** What is known of an outage after a question; undefined where there is none. Pure. */
export function outageAfter(
  before: Outage | undefined,
  { askedAtMs, isAnswered }: Question,
  lastCopiedAtMs: number,
): Outage | undefined {
  // Whatever was copied after the question shows as well as an answer that the storage is there.
  if (isAnswered || lastCopiedAtMs > askedAtMs) return undefined;
  return before !== undefined && lastCopiedAtMs <= before.sinceMs
    ? { sinceMs: before.sinceMs, questions: before.questions + 1 }
    : { sinceMs: askedAtMs, questions: 1 };
}

/**
 * Whether an outage has lasted so long that the command is to be ended. Pure.
 *
 * One question does not show it, however old it is: perhaps it was this process that stood still.
 */
export function isTooLong({ sinceMs, questions }: Outage, nowMs: number, limitMs: number): boolean {
  return questions > 1 && nowMs - sinceMs >= limitMs;
}

/** So seldom that it costs nothing, and often enough to see a server that was back for a moment. */
const longestIntervalMs = 10_000;
const questionsInLimit = 4;

/**
 * Asks the storage again and again while nothing is copied, until it has not answered for too long.
 *
 * @param command For example `backup`.
 * @param limitMs How long an outage may last.
 * @returns Why the command is to be ended.
 * @throws Where `done` is aborted before.
 */
export async function watchStorage(
  { store }: Pick<JobContext, "store">,
  { command, limitMs }: { readonly command: string; readonly limitMs: number },
  copying: Copying,
  done: AbortSignal,
): Promise<ExecutorError> {
  const intervalMs = Math.min(longestIntervalMs, limitMs / questionsInLimit);
  const ended = rejectionOn(done);
  let outage: Outage | undefined;
  for (;;) {
    await sleep(intervalMs, undefined, { signal: done });
    const askedAtMs = performance.now();
    if (askedAtMs - copying.lastCopiedAtMs < intervalMs) {
      outage = undefined;
      continue;
    }
    const error = await Promise.race([unanswered(store), ended]);
    outage = outageAfter(outage, { askedAtMs, isAnswered: error === undefined }, copying.lastCopiedAtMs);
    if (error === undefined || outage === undefined || !isTooLong(outage, performance.now(), limitMs))
      continue;
    return new ExecutorError(outageFailure(command, error, limitMs), error);
  }
}

/** Why the storage did not answer; undefined where it did. A refusal is an answer, on which pgBackRest ends by itself. */
async function unanswered(store: JobContext["store"]): Promise<StorageError | undefined> {
  try {
    await store.probe();
    return undefined;
  } catch (error) {
    return error instanceof StorageError && error.retryable ? error : undefined;
  }
}

/** Rejects when a signal is aborted; nobody needs to wait for it. */
function rejectionOn(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  rejection.catch(() => undefined);
  return rejection;
}

/** The failure that stands for a command that was ended because the storage did not answer. */
function outageFailure(command: string, error: StorageError, limitMs: number): Failure {
  return {
    code: storageFailureCode(error),
    message: `${error.message} The ${command} was ended: for ${Math.round(limitMs / 1000)} seconds nothing was copied, and the storage did not answer.`,
    remedy:
      "Bring the storage server back, or the way to it, then request the job again; where outages last longer, raise " +
      "the option pgbackrest.timeLimits.outageMs.",
  };
}
