/**
 * The decision whether an earlier restore stands in the way. Pure.
 *
 * @module
 */
import { fails, passed, type Outcome } from "./checks.ts";

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
  if (unfinished.isDiscarded)
    return fails(
      "database-discarded",
      `There is no database: the restore of job ${unfinished.jobId} failed after it had discarded the old data.`,
      "Request a restore.",
    );
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
