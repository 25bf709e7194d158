/**
 * The end of a restore that Patroni carries out: waits for it, proves it, and finishes or undoes it. For the worker that
 * began it, and for the one that finds it abandoned.
 *
 * @module
 */
import type { JobContext, JobResult } from "../../../lib/executor.ts";
import type { Failure } from "../../../lib/job/report.ts";
import { failureOf } from "../job-failure.ts";
import type { Parts } from "../parts.ts";
import { finishRestore } from "./restore-finish.ts";
import { writeRestoreJournal, type RestoreJournal } from "./restore-journal.ts";
import { undoRestore } from "./restore-undo.ts";
import { watchBootstrap } from "./restore-watch.ts";

/**
 * Waits until Patroni has made the restored database the primary, proves it, and lets it archive.
 *
 * @param kept Called with the journal when it says that the restored database is proven.
 * @throws ExecutorError saying why the restore failed, or that it was cancelled.
 */
export async function completeRestore(
  parts: Parts,
  journal: RestoreJournal,
  context: JobContext,
  kept: (journal: RestoreJournal) => void,
): Promise<JobResult> {
  const proof = await watchBootstrap(parts, journal, context);
  context.log(
    `Restored. Timeline ${proof.timeline} left timeline ${proof.left?.timeline ?? 0} at ${proof.left?.lsn ?? ""}: ` +
      `${proof.left?.reason ?? ""}.`,
  );
  if (journal.discards !== true) await context.pointOfNoReturn();
  const proven: RestoreJournal = { ...journal, stage: "proven", provenTimeline: proof.timeline };
  kept(proven);
  await writeRestoreJournal(parts.settings, proven);
  return finishProven(parts, proven, (line) => context.log(line));
}

/** Finishes a restore that was proven. May be repeated. */
export async function finishProven(
  parts: Parts,
  journal: RestoreJournal,
  log: (line: string) => void,
): Promise<Extract<JobResult, { succeeded: true }>> {
  const warnings = await finishRestore(parts, journal, log);
  return {
    succeeded: true,
    ...journal.goal.result,
    ...(journal.provenTimeline === undefined ? {} : { timeline: journal.provenTimeline }),
    ...(warnings.length === 0 ? {} : { warning: warnings.join(" ") }),
  };
}

/** Undoes a restore that failed, unless it was proven. @returns The failure, with how the database was left. */
export async function endFailed(
  parts: Parts,
  journal: RestoreJournal,
  failure: Failure,
  log: (line: string) => void,
): Promise<Failure> {
  if (journal.stage === "proven")
    return {
      ...failure,
      message: `The database was restored, but the restore did not come to its end: ${failure.message}`,
    };
  try {
    const left = await undoRestore(parts, journal, log);
    const how =
      left === "put back"
        ? "The database is as it was before the restore."
        : "The old data was discarded, as the request allowed: there is no database until a restore succeeds.";
    return { ...failure, message: `${failure.message} ${how}` };
  } catch (undoing) {
    const worse = failureOf(undoing);
    return { ...worse, message: `${worse.message} Before that: ${failure.message}` };
  }
}
