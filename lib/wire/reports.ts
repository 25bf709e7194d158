/**
 * Reports on the wire: the key `jobs` of a provider's unit databag (database_backup v0, Provider).
 *
 * @module
 */
import { isEnd, phaseOf, statusOf, type EndPhase, type JobStatus, type Phase } from "../job/phase.ts";
import type { JobReport, Progress } from "../job/report.ts";
import type { Databag } from "../juju/juju.ts";
import type { ProviderJob, ReportExtensions } from "./generated/databags.ts";
import { validateExtendedProviderJob, validateReportExtensions } from "./generated/validators/reports.js";
import { bounded } from "./bounded-item.ts";
import { isObject, readJobs, type IdentifiedItem } from "./list-value.ts";
import { present, textOf } from "./optional.ts";
import type { Problem } from "./problem.ts";
import { ProblemList } from "./problem-list.ts";
import { decodeReportedStorage, encodeReportedStorage } from "./storage-config.ts";
import { check, problemOf, type Finding } from "./validate.ts";
import { canonicalTime } from "./wire-time.ts";

/** What a provider's unit says. */
export interface DecodedReports {
  /** In the databag's order. */
  readonly reports: readonly JobReport[];
  /** What could not be read, and was left out. */
  readonly problems: readonly Problem[];
}

type ExtendedJob = ProviderJob & ReportExtensions;

/**
 * Reads the reports of a provider's unit databag, as much of each as can be read: only a report without a usable id
 * or status is left out. Of a phase and a status that contradict each other the status counts.
 */
export function decodeReports(databag: Databag): DecodedReports {
  const problems = new ProblemList("jobs");
  const reports: JobReport[] = [];
  for (const identified of readJobs(databag, problems)) {
    if (problems.isFull && !isStatus(identified.item["status"])) {
      problems.count();
      continue;
    }
    const { valid, findings } = check(validateExtendedProviderJob, bounded(identified.item), identified.name);
    problems.addAll(findings.map(problemOf));
    const status = identified.item["status"];
    if (!isStatus(status)) continue;
    const extensions = valid ?? readableExtensions(identified, findings);
    reports.push(decodeReport(identified, status, extensions));
    problems.addAll(contradiction(identified.name, status, extensions.phase));
  }
  return { reports, problems: problems.all };
}

/** The extensions of a report in which something is wrong, without the fields that are. */
function readableExtensions({ item }: IdentifiedItem, findings: readonly Finding[]): ReportExtensions {
  const wrong = new Set(findings.map((finding) => finding.path[0]));
  const readable: unknown = Object.fromEntries(Object.entries(item).filter(([key]) => !wrong.has(key)));
  return validateReportExtensions(readable) ? readable : {};
}

/** Whether a value is a status of version 0. */
export function isStatus(value: unknown): value is JobStatus {
  return value === "running" || value === "success" || value === "error";
}

function decodeReport({ id, item }: IdentifiedItem, status: JobStatus, read: ReportExtensions): JobReport {
  const { phase } = read;
  const config = item["job-config"];
  const compression = isObject(config) ? config["compression"] : undefined;
  const startedAt = read["started-at"];
  const finishedAt = read["finished-at"];
  return present({
    id,
    type: item["job-type"] === "restore" ? "restore" : "backup",
    storage: decodeReportedStorage(item["storage-config"]),
    compression: typeof compression === "boolean" ? compression : undefined,
    phase: phase !== undefined && statusOf(phase) === status ? phase : phaseOf(status),
    message: textOf(item["message"]),
    artefactPath: textOf(item["artefact-path"]),
    progress: decodeProgress(read.progress),
    startedAt: startedAt === undefined ? undefined : canonicalTime(startedAt),
    finishedAt: finishedAt === undefined ? undefined : canonicalTime(finishedAt),
    backupId: textOf(read["backup-id"]),
    sizeBytes: read["size-bytes"],
    timeline: read.timeline,
    logPath: textOf(read["log-path"]),
    errorCode: textOf(read["error-code"]),
    remedy: textOf(read.remedy),
    fence: read.fence,
  });
}

/** What is wrong with a report whose phase does not fit its status. */
export function contradiction(name: string, status: JobStatus, phase: Phase | undefined): readonly Problem[] {
  if (phase === undefined || statusOf(phase) === status) return [];
  return [
    {
      field: `${name}.phase`,
      message: `${name}.phase is "${phase}" and ${name}.status is "${status}", which contradict each other; the status counts.`,
      remedy: "Report a phase that fits the status.",
    },
  ];
}

function decodeProgress(progress: ReportExtensions["progress"]): Progress | undefined {
  if (progress === undefined) return undefined;
  return present({
    percent: progress.percent,
    bytesDone: progress["bytes-done"],
    bytesTotal: progress["bytes-total"],
  });
}

/**
 * Writes reports as the value of the key `jobs`. It holds no credentials: of the storage only bucket, path, endpoint
 * and region. Every end that is not a success has a message.
 */
export function encodeReports(reports: readonly JobReport[]): string {
  return JSON.stringify(reports.map(encodeReport));
}

function encodeReport(report: JobReport): ExtendedJob {
  return present({
    "job-id": report.id,
    "job-type": report.type,
    status: statusOf(report.phase),
    "job-config": report.compression === undefined ? undefined : { compression: report.compression },
    "storage-interface": "s3",
    "storage-config": encodeReportedStorage(report.storage),
    message: textOf(report.message) ?? messageOf(report.phase),
    "artefact-path": textOf(report.artefactPath),
    phase: report.phase,
    progress: encodeProgress(report.progress),
    "started-at": report.startedAt,
    "finished-at": report.finishedAt,
    "backup-id": textOf(report.backupId),
    "size-bytes": report.sizeBytes,
    timeline: report.timeline,
    "log-path": textOf(report.logPath),
    "error-code": textOf(report.errorCode),
    remedy: textOf(report.remedy),
    fence: report.fence,
  });
}

/** What an end says that was given no message. */
const endMessages: Readonly<Record<Exclude<EndPhase, "succeeded">, string>> = {
  failed: "The job failed; why is not known.",
  rejected: "The job cannot be run; why is not known.",
  cancelled: "The job was cancelled.",
  expired: "The job had not started by its deadline.",
  lost: "The process that ran the job is gone, and left no result.",
};

function messageOf(phase: Phase): string | undefined {
  return isEnd(phase) && phase !== "succeeded" ? endMessages[phase] : undefined;
}

function encodeProgress(progress: Progress | undefined): ReportExtensions["progress"] | undefined {
  if (progress === undefined) return undefined;
  return present({
    percent: progress.percent,
    "bytes-done": progress.bytesDone,
    "bytes-total": progress.bytesTotal,
  });
}
