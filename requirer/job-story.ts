/**
 * The whole story of one job, as an admin reads it.
 *
 * @module
 */
import { isEnd, statusOf } from "../lib/job/phase.ts";
import type { Progress } from "../lib/job/report.ts";
import { describeLocation } from "../lib/job/storage-config.ts";
import { shortened } from "../lib/printable.ts";
import type { JobRecord } from "./history/job-record.ts";
import { shownDuration, shownSize } from "./shown.ts";

const longestResult = 4_000;

/** Everything that is known of one job, as results of an action. */
export function describeJob(job: JobRecord, now: Date = new Date()): Readonly<Record<string, string>> {
  const [shown, ...others] = job.reports;
  const report = shown?.report;
  const isOpen = !isEnd(job.phase);
  const fields: Record<string, string | number | undefined> = {
    "job-id": job.id,
    database: job.application,
    relation: job.relation,
    type: job.type,
    "backup-type": job.backupType,
    "artefact-requested": job.artefactPath,
    "restore-to-time": job.restoreToTime,
    "restore-timeline": job.restoreTimeline,
    schedule: job.schedule === undefined ? undefined : `${job.schedule.name} at ${job.schedule.slot}`,
    phase: job.phase,
    status: statusOf(job.phase),
    cancel: job.cancel === true && isOpen ? "asked for" : undefined,
    unit: shown?.unit,
    "requested-at": job.requestedAt,
    "start-before": job.startBefore,
    "started-at": report?.startedAt,
    "finished-at": report?.finishedAt,
    took: tookOf(report?.startedAt, report?.finishedAt),
    progress:
      isOpen && report?.progress !== undefined
        ? progressOf(report.progress, report.startedAt, now)
        : undefined,
    position: job.waiting?.position,
    "waiting-for": job.waiting?.waitingFor,
    warning: job.warning,
    storage: job.storage === undefined ? undefined : describeLocation(job.storage),
    "backup-id": report?.backupId,
    "artefact-path": report?.artefactPath,
    size: report?.sizeBytes === undefined ? undefined : shownSize(report.sizeBytes),
    timeline: report?.timeline,
    "log-path": report?.logPath,
    "error-code": report?.errorCode,
    message:
      report?.message ??
      job.waiting?.reason ??
      (shown === undefined ? "No unit has taken up this job yet." : undefined),
    remedy: report?.remedy,
    history:
      job.isUnknown === true ? "not in it: the job was cleared, or nobody here asked for it" : undefined,
    "other-reports":
      others.length === 0
        ? undefined
        : others.map(({ unit, report: { phase } }) => `${unit}: ${phase}`).join(", "),
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, shortened(String(value), longestResult)]],
    ),
  );
}

function tookOf(startedAt: string | undefined, finishedAt: string | undefined): string | undefined {
  const ms = Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? "");
  return Number.isNaN(ms) ? undefined : shownDuration(ms);
}

/** How far a job is, and, once it has come far enough to tell, how long it may still take. */
function progressOf(
  { percent, bytesDone, bytesTotal }: Progress,
  startedAt: string | undefined,
  now: Date,
): string {
  const bytes =
    bytesDone === undefined || bytesTotal === undefined
      ? ""
      : ` (${shownSize(bytesDone)} of ${shownSize(bytesTotal)})`;
  const elapsed = now.getTime() - Date.parse(startedAt ?? "");
  const left =
    percent < 5 || percent >= 100 || !(elapsed > 0)
      ? ""
      : `, about ${shownDuration((elapsed * (100 - percent)) / percent)} left`;
  return `${Math.floor(percent)} %${bytes}${left}`;
}
