/**
 * The decision whether an earlier restore stands in the way. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { fails, failsWith, passed, type Outcome } from "./checks.ts";

/** A restore that was neither finished nor undone. */
export interface UnfinishedRestore {
  readonly jobId: string;
  /** The file that says so. */
  readonly journalFile: string;
  /** Where the data of the time before it lies, if it still lies aside. */
  readonly aside: readonly string[];
  /** That data was given up, as its request allowed, before the restore failed: there is no database now. */
  readonly isDiscarded: boolean;
}

/** Lets a job pass where no earlier restore was left half-done. */
export function decideUnfinished(unfinished: UnfinishedRestore | undefined): Outcome {
  if (unfinished === undefined) return passed;
  if (unfinished.isDiscarded) return failsWith(discardedFailure(unfinished.jobId));
  const where =
    unfinished.aside.length === 0
      ? ""
      : ` The data of the time before lies in ${unfinished.aside.join(", ")}.`;
  return fails(
    "restore-unfinished",
    `The restore of job ${unfinished.jobId} was neither finished nor undone.${where}`,
    `Decide which data is the right one, put it into the data directory, and delete ${unfinished.journalFile}.`,
  );
}

/** There is no database: a restore had given the old data up when it failed. */
export function discardedFailure(jobId: string): Failure {
  return {
    code: "database-discarded",
    message: `There is no database: the restore of job ${jobId} failed after it had discarded the old data.`,
    remedy: "Request a restore.",
  };
}
