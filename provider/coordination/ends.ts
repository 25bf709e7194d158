/**
 * The ends of jobs that no worker brought about.
 *
 * @module
 */
import type { EndPhase } from "../../lib/job/phase.ts";
import type { Failure, JobProgress } from "../../lib/job/report.ts";
import type { JobType } from "../../lib/job/request.ts";
import type { EndReport } from "./peer-records.ts";

/** An end with its reason. */
export function endReport(
  job: { readonly id: string; readonly type: JobType },
  phase: Exclude<EndPhase, "succeeded">,
  finishedAt: string,
  failure: Failure,
  fence?: number,
): EndReport {
  return {
    id: job.id,
    type: job.type,
    phase,
    finishedAt,
    ...failureFields(failure),
    ...(fence === undefined ? {} : { fence }),
  };
}

/** What a failure becomes in a report. */
export function failureFields({
  code,
  message,
  remedy,
}: Failure): Pick<JobProgress, "errorCode" | "message" | "remedy"> {
  return { errorCode: code, message, remedy };
}

/** Why a job was never begun. */
export const cancelledBeforeStart: Failure = {
  code: "cancelled",
  message: "The job was cancelled before it began.",
  remedy: "Request it again when it is wanted.",
};

/** Why a job was never begun. */
export function expired(startBefore: string): Failure {
  return {
    code: "expired",
    message: `The job could not begin before its deadline, ${startBefore}.`,
    remedy: "Look into what it waited for, then request the job anew with a later deadline.",
  };
}

/** What is known of a job that was at work when the disk that knew more of it was lost. */
export const journalLost: Failure = {
  code: "journal-lost",
  message: "The unit's record of this job is gone from its disk, so nobody knows how the job ended.",
  remedy: "Look into the list of backups and at the database, then request the job anew under another id.",
};

/** What is known of a job whose unit went away without a word. */
export function unitGone(unit: string): Failure {
  return {
    code: "unit-gone",
    message: `${unit}, which was to run this job, is gone and left no result.`,
    remedy: "Look into the list of backups and at the database, then request the job anew.",
  };
}

/** What is known of a job that an earlier life of the unit was to run. */
export function predecessorGone(unit: string): Failure {
  return {
    code: "unit-gone",
    message: `The unit that was ${unit} before, which was to run this job, is gone and left no result.`,
    remedy: "Look into the list of backups and at the database, then request the job anew.",
  };
}

/** Why a job was stopped. */
export function unitLeaves(unit: string): Failure {
  return {
    code: "unit-removed",
    message: `${unit}, which ran this job, was removed, and stopped it.`,
    remedy: "Request the job anew: another unit takes it.",
  };
}

/** Whether a job is past its deadline. */
export function isOver(startBefore: string | undefined, now: string): startBefore is string {
  return startBefore !== undefined && Date.parse(now) > Date.parse(startBefore);
}
