/**
 * What a unit does in one dispatch: decided by a pure function over everything that was read at its start.
 *
 * @module
 */
import { isAtWork, isEnd } from "../lib/job/phase.ts";
import {
  reportedStorage,
  type Failure,
  type JobProgress,
  type JobReport,
  type Progress,
} from "../lib/job/report.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { UnitStatus } from "../lib/juju/juju.ts";
import { shownId } from "../lib/printable.ts";
import type { Problem } from "../lib/wire/problem.ts";
import type { RejectedRequest } from "../lib/wire/requests.ts";
import { jobKey, nextFence, type JournalEntry, type JournalRecord, type JournalState } from "./journal.ts";

/** One relation as a dispatch found it. */
export interface RelationView {
  /** For example `database-backup:3`. */
  readonly id: string;
  /** The remote application. */
  readonly application: string;
  readonly requests: readonly JobRequest[];
  readonly rejected: readonly RejectedRequest[];
  readonly problems: readonly Problem[];
  /** What stands in this unit's own databag. */
  readonly reports: readonly JobReport[];
}

/** Everything that a dispatch read. */
export interface ProviderView {
  /** RFC 3339 in UTC. */
  readonly now: string;
  readonly plannedUnits: number;
  readonly relations: readonly RelationView[];
  readonly journal: JournalState;
  /** The fences whose process runs. */
  readonly running: ReadonlySet<number>;
  /** How far the job with this fence is, where that is known. */
  readonly liveProgress?: { readonly fence: number; readonly progress: Progress };
}

/** What to do about the journal's open jobs and the requests. */
export interface ProviderPlan {
  /** To be written to the journal, whatever else happens. */
  readonly records: readonly JournalRecord[];
  /** The job to take up, if the unit is ready. */
  readonly next?: { readonly fence: number; readonly relation: string; readonly request: JobRequest };
  /** The job to clean up after: its process is gone and left no result. */
  readonly recover?: JournalEntry;
  /** The reports of each relation, by its id. */
  readonly reports: ReadonlyMap<string, readonly JobReport[]>;
  /** The unit status that follows from the plan. */
  readonly status?: UnitStatus;
}

/** Decides what a dispatch does. */
export function planDispatch(view: ProviderView): ProviderPlan {
  const journal = new Map<string, JournalEntry>();
  for (const entry of view.journal.entries.values())
    journal.set(jobKey(entry.relation, entry.request.id), entry);

  const open = [...view.journal.entries.values()].filter((entry) => !isEnd(entry.progress.phase));
  const working = open.find((entry) => view.running.has(entry.fence));
  const recover = working === undefined ? open[0] : undefined;

  const waiting = waitingRequests(view, journal);
  const records = newTickets(view, waiting);
  const [first] = sortByTicket(waiting, view, records);
  const blocked = view.plannedUnits > 1;
  const next = first === undefined || open.length > 0 || blocked ? undefined : first;

  const reports = new Map(
    view.relations.map((relation) => [relation.id, reportsOf(relation, view, journal)] as const),
  );
  const status = statusOf(view, working, recover, waiting.length);
  return {
    records,
    ...(next === undefined ? {} : { next: { fence: nextFence(view.journal), ...next } }),
    ...(recover === undefined ? {} : { recover }),
    reports,
    ...(status === undefined ? {} : { status }),
  };
}

interface WaitingRequest {
  readonly relation: string;
  readonly request: JobRequest;
}

/** The requests that no unit took up yet: neither the journal nor an end in the databag knows them. */
function waitingRequests(
  view: ProviderView,
  journal: ReadonlyMap<string, JournalEntry>,
): readonly WaitingRequest[] {
  return view.relations.flatMap((relation) => {
    const reported = new Set(relation.reports.map((report) => report.id));
    return relation.requests
      .filter((request) => !reported.has(request.id) && !journal.has(jobKey(relation.id, request.id)))
      .map((request) => ({ relation: relation.id, request }));
  });
}

function newTickets(view: ProviderView, waiting: readonly WaitingRequest[]): readonly JournalRecord[] {
  let last = 0;
  for (const { ticket } of view.journal.tickets.values()) last = Math.max(last, ticket);
  return waiting
    .filter(({ relation, request }) => !view.journal.tickets.has(jobKey(relation, request.id)))
    .map(({ relation, request }) => ({ record: "ticket", ticket: ++last, relation, job: request.id }));
}

function sortByTicket(
  waiting: readonly WaitingRequest[],
  view: ProviderView,
  records: readonly JournalRecord[],
): readonly WaitingRequest[] {
  const tickets = new Map([...view.journal.tickets].map(([key, ticket]) => [key, ticket.ticket]));
  for (const record of records) {
    if (record.record === "ticket") tickets.set(jobKey(record.relation, record.job), record.ticket);
  }
  const ticketOf = ({ relation, request }: WaitingRequest): number =>
    tickets.get(jobKey(relation, request.id)) ?? Number.POSITIVE_INFINITY;
  return waiting.toSorted((a, b) => ticketOf(a) - ticketOf(b));
}

const keptRejections = 1_000;

/** The reports that belong into this unit's databag of one relation. An end that stands there stays as it is. */
function reportsOf(
  relation: RelationView,
  view: ProviderView,
  journal: ReadonlyMap<string, JournalEntry>,
): readonly JobReport[] {
  const standing = new Map(relation.reports.map((report) => [report.id, report]));
  const reports = new Map<string, JobReport>();
  const report = (id: string, otherwise: JobReport | undefined): void => {
    const before = standing.get(id);
    const entry = journal.get(jobKey(relation.id, id));
    if (before !== undefined && isEnd(before.phase)) reports.set(id, before);
    else if (entry !== undefined) reports.set(id, journalReport(entry, view));
    else if (before !== undefined) reports.set(id, withoutJournal(before, view.now));
    else if (otherwise !== undefined) reports.set(id, otherwise);
  };
  for (const request of relation.requests) report(request.id, undefined);
  for (const rejected of relation.rejected) report(rejected.id, rejectedReport(rejected, view.now));
  // Only a request that is seen to be gone takes its report along. Where something could not be read, it may be there.
  if (relation.problems.length > 0) {
    let rejections = 0;
    for (const [id, before] of standing) {
      // Who sends ever new unusable requests must not fill the databag with their rejections.
      if (before.phase === "rejected") rejections += 1;
      if (!reports.has(id) && (before.phase !== "rejected" || rejections <= keptRejections))
        reports.set(id, before);
    }
  }
  return [...reports.values()];
}

function journalReport(entry: JournalEntry, view: ProviderView): JobReport {
  const { request, progress } = entry;
  const live = view.liveProgress?.fence === entry.fence ? view.liveProgress.progress : undefined;
  return {
    id: request.id,
    type: request.type,
    storage: reportedStorage(request.storage),
    compression: request.compression,
    ...progress,
    ...(live !== undefined && isAtWork(progress.phase) ? { progress: live } : {}),
    fence: entry.fence,
  };
}

function rejectedReport(rejected: RejectedRequest, now: string): JobReport {
  const { id, type, storage, compression, failure } = rejected;
  return {
    id,
    type,
    storage,
    ...(compression === undefined ? {} : { compression }),
    phase: "rejected",
    finishedAt: now,
    ...failureFields(failure),
  };
}

/** The job was at work, and the disk that knew more of it is another one now. It is not run again. */
function withoutJournal(report: JobReport, now: string): JobReport {
  return {
    ...report,
    phase: "lost",
    finishedAt: now,
    ...failureFields({
      code: "journal-lost",
      message: "The unit's record of this job is gone from its disk, so nobody knows how the job ended.",
      remedy:
        "Look into the list of backups and at the database, then request the job anew under another id.",
    }),
  };
}

/** What a failure becomes in a report. */
export function failureFields(failure: Failure): Pick<JobProgress, "errorCode" | "message" | "remedy"> {
  return { errorCode: failure.code, message: failure.message, remedy: failure.remedy };
}

function statusOf(
  view: ProviderView,
  working: JournalEntry | undefined,
  recover: JournalEntry | undefined,
  waiting: number,
): UnitStatus | undefined {
  if (working !== undefined) {
    const what = working.request.type === "backup" ? "creating backup" : "restoring backup";
    return { name: "maintenance", message: what };
  }
  if (recover !== undefined) {
    const failed = recover.progress.errorCode === undefined ? undefined : recover.progress.message;
    if (failed !== undefined)
      return { name: "blocked", message: `job ${shownId(recover.request.id)}: ${failed}` };
    return {
      name: "maintenance",
      message: `cleaning up after ${recover.request.type} job ${shownId(recover.request.id)}`,
    };
  }
  if (view.plannedUnits > 1) {
    const units = `${view.plannedUnits} units planned`;
    return {
      name: "blocked",
      message: `${units}, but jobs run on applications of one unit only${waiting === 0 ? "" : `; ${waiting} waiting`}: remove units`,
    };
  }
  const relation = view.relations.find(({ problems }) => problems.length > 0);
  if (relation === undefined) return undefined;
  return {
    name: "active",
    message: `unusable request from ${relation.application} (${relation.id}): ${relation.problems[0]?.message ?? ""}`,
  };
}
