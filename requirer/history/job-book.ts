/**
 * What one dispatch makes of everything it read: which jobs are new in the history, which have ended, and which requests are
 * to stand from now on. Pure.
 *
 * @module
 */
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { storageLocation } from "../../lib/job/storage-config.ts";
import type { QueuedJob } from "../../lib/job/waiting-job.ts";
import type { JsonObject } from "../../lib/wire/list-value.ts";
import { isWithdrawn, withoutCredentials } from "../../lib/wire/requests.ts";
import type { RelatedDatabase } from "../database.ts";
import { History } from "./history.ts";
import { recordKey, withReports, type JobRecord, type RecordedReport } from "./job-record.ts";
import { canBeKept } from "./record-json.ts";

/** What stands in a relation's databag, or is to stand there. */
export interface StandingRequests {
  readonly requests: readonly JobRequest[];
  /** What is not this version's to read, and stays as it is. */
  readonly unread: readonly JsonObject[];
}

/** What a dispatch knows. */
export interface JobBookView {
  readonly history: History;
  readonly databases: readonly RelatedDatabase[];
  /** Whether the requests of the databases could be read: the leader's alone can. */
  readonly isLeader: boolean;
}

/** A job as it was asked for. */
export function recordOf(
  request: JobRequest,
  { relation, application }: Pick<RelatedDatabase, "relation" | "application">,
): JobRecord {
  const { id, type, requestedAt, startBefore, schedule, cancel } = request;
  return withReports(
    {
      id,
      relation,
      application,
      type,
      ...(request.type === "backup" ? { backupType: request.backupType } : restoreOf(request)),
      storage: storageLocation(request.storage),
      ...(requestedAt === undefined ? {} : { requestedAt }),
      ...(startBefore === undefined ? {} : { startBefore }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(cancel === undefined ? {} : { cancel }),
    },
    [],
  );
}

function restoreOf(request: Extract<JobRequest, { type: "restore" }>): Partial<JobRecord> {
  const { artefactPath, restoreToTime, restoreTimeline } = request;
  return {
    ...(artefactPath === undefined ? {} : { artefactPath }),
    ...(restoreToTime === undefined ? {} : { restoreToTime }),
    ...(restoreTimeline === undefined ? {} : { restoreTimeline }),
  };
}

/** The history with everything that the databags tell beside it. */
export function broughtUpToDate({ history, databases }: Omit<JobBookView, "isLeader">): History {
  const asked = databases.flatMap((database) =>
    database.requests.map((request) => recordOf(request, database)).filter(canBeKept),
  );
  const ended = new Set(history.ended.map(recordKey));
  // Once a job's keys are taken away, one that does not know of its end takes the rest for a bad request.
  const reports = reportsByJob(databases, (key, { fence }) => fence !== undefined || !ended.has(key));
  const waiting = waitingByJob(databases);
  return history
    .with(asked)
    .observe(reports)
    .mapOpen((record) => {
      const queued = waiting.get(recordKey(record));
      return queued === undefined || record.reports.length > 0
        ? record
        : withReports({ ...record, waiting: queued }, []);
    });
}

function reportsByJob(
  databases: readonly RelatedDatabase[],
  counts: (key: string, report: JobReport) => boolean = () => true,
): ReadonlyMap<string, readonly RecordedReport[]> {
  const reports = new Map<string, RecordedReport[]>();
  for (const { relation, reports: seen } of databases) {
    for (const { unit, report } of seen) {
      const key = recordKey({ relation, id: report.id });
      if (!counts(key, report)) continue;
      const { id: _id, type: _type, storage: _storage, compression: _compression, ...said } = report;
      const known = reports.get(key);
      if (known === undefined) reports.set(key, [{ unit, report: said }]);
      else known.push({ unit, report: said });
    }
  }
  return reports;
}

function waitingByJob(databases: readonly RelatedDatabase[]): ReadonlyMap<string, QueuedJob> {
  return new Map(
    databases.flatMap(({ relation, queue }) =>
      queue.map((job) => [recordKey({ relation, id: job.jobId }), job] as const),
    ),
  );
}

/** The jobs that have ended and that the history did not know to have ended. */
export function newlyEnded(before: History, after: History): readonly JobRecord[] {
  const known = new Set(before.ended.map(recordKey));
  return after.ended.filter((record) => !known.has(recordKey(record)));
}

/** Gives the ends of which no unit said when they were the time at which they were first seen. */
export function dated(before: History, after: History, now: string): History {
  const seen = new Set(newlyEnded(before, after));
  const ended = after.ended.map((record) => {
    const [shown, ...others] = record.reports;
    if (shown === undefined || shown.report.finishedAt !== undefined || !seen.has(record)) return record;
    return { ...record, reports: [{ ...shown, report: { ...shown.report, finishedAt: now } }, ...others] };
  });
  return new History(after.open, ended, after.summaries);
}

/** Why the end of a job will never be seen. */
export interface Gone {
  readonly message: string;
  readonly remedy: string;
}

/**
 * Ends the open jobs of which no news can come: those whose relation or whose request is gone.
 *
 * @param isGone Whether a relation is known to be gone, which is more than not to be listed.
 */
export function withLost(
  { history, databases, isLeader }: JobBookView,
  isGone: (record: JobRecord) => boolean,
  unit: string,
  now: string,
): History {
  const related = new Map(databases.map((database) => [database.relation, database]));
  return history.mapOpen((record) => {
    const gone = whyGone(record, related.get(record.relation), isLeader, isGone);
    if (gone === undefined) return record;
    return withReports(record, [
      ...record.reports,
      { unit, report: { phase: "lost", finishedAt: now, errorCode: "request-gone", ...gone } },
    ]);
  });
}

function whyGone(
  record: JobRecord,
  database: RelatedDatabase | undefined,
  isLeader: boolean,
  isGone: (record: JobRecord) => boolean,
): Gone | undefined {
  if (database === undefined) {
    if (!isGone(record)) return undefined;
    return {
      message: `The relation with ${record.application} was removed before the end of the job was seen.`,
      remedy: `Look for the artefact in the storage, and for the job in the log of ${record.application}.`,
    };
  }
  if (!isLeader || stands(database, record.id)) return undefined;
  return {
    message: "The request was deleted from the databag before the end of the job was seen.",
    remedy: `Look for the job in the log of ${record.application}.`,
  };
}

function stands({ requests, unread }: RelatedDatabase, id: string): boolean {
  return requests.some((request) => request.id === id) || unread.some((item) => item["job-id"] === id);
}

/**
 * The requests that are to stand: those of jobs that have not ended, and, without its keys, that of the job that ended last,
 * so that the provider goes on reporting the most recent job (database_backup, Provider).
 */
export function standingRequests(history: History, database: RelatedDatabase): StandingRequests {
  const { relation } = database;
  const ended = history.ended.filter((record) => record.relation === relation);
  const last = ended.at(-1)?.id;
  const over = new Set(ended.map(({ id }) => id));
  const open = new Set(history.open.filter((record) => record.relation === relation).map(({ id }) => id));
  const requests = database.requests.flatMap((request) => {
    if (open.has(request.id) || !canBeKept({ relation, id: request.id })) return [request];
    return request.id === last ? [withoutCredentials(request)] : [];
  });
  const unread = database.unread.filter(
    (item) => !isWithdrawn(item) || item["job-id"] === last || !over.has(String(item["job-id"])),
  );
  return { requests, unread };
}

/**
 * Jobs that the databags tell of and the history does not keep: those whose ids are too long for it, and those that only units
 * tell of.
 */
export function strayJobs(history: History, databases: readonly RelatedDatabase[]): readonly JobRecord[] {
  const known = new Set(history.jobs.map(recordKey));
  const reports = reportsByJob(databases);
  const waiting = waitingByJob(databases);
  const jobs = new Map<string, JobRecord>();
  const add = (record: JobRecord): void => {
    const key = recordKey(record);
    const queued = waiting.get(key);
    if (known.has(key) || jobs.has(key)) return;
    const told = queued === undefined ? record : { ...record, waiting: queued };
    jobs.set(key, withReports(told, reports.get(key) ?? []));
  };
  for (const database of databases) {
    const { relation, application } = database;
    for (const request of database.requests) add(recordOf(request, database));
    for (const { report } of database.reports) {
      add(withReports({ id: report.id, relation, application, type: report.type, isUnknown: true }, []));
    }
  }
  return [...jobs.values()];
}
