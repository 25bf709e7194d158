/**
 * What a unit reports of jobs in its own databag of a relation with a backup manager.
 *
 * @module
 */
import { isAtWork, isEnd } from "../../lib/job/phase.ts";
import { reportedStorage, type JobReport, type Progress } from "../../lib/job/report.ts";
import { outcomeOf, type JournalEntry } from "../journal/journal.ts";
import { jobKey, isEnding, type DoneRecord, type EndReport } from "./peer-records.ts";
import type { RelationRequests, SeenRequest } from "./requests-seen.ts";
import { endReport } from "./ends.ts";

/** What the reports of one relation are made from. */
export interface ReportsView {
  readonly now: string;
  readonly requests: RelationRequests;
  /** What stands in this unit's databag. */
  readonly standing: readonly JobReport[];
  /** This unit's entries for the application as it lives now, by {@link jobKey}: the one that counts. */
  readonly entries: ReadonlyMap<string, JournalEntry>;
  readonly done: ReadonlyMap<string, DoneRecord>;
  /** Whether this unit says how a job ended: because it ran it, or for want of the one that did. */
  readonly speaksFor: (by: DoneRecord["by"]) => boolean;
  readonly isLeader: boolean;
  /** How far a job at work is, by {@link jobKey}. */
  readonly progress: ReadonlyMap<string, Progress>;
}

/** Of jobs that cannot be accepted so many reports stay whose request is not seen, while a databag is unreadable. */
const keptRejections = 1_000;

/** The reports that belong into this unit's databag. An end that stands there stays as it is. */
export function clientReports(view: ReportsView): readonly JobReport[] {
  const { relation, requests, rejected, problems } = view.requests;
  const standing = new Map(view.standing.map((report) => [report.id, report]));
  const reports = new Map<string, JobReport>();
  for (const request of requests) {
    const report = reportOf(
      { relation, application: "", key: jobKey(relation, request.id), request },
      standing.get(request.id),
      view,
    );
    if (report !== undefined) reports.set(request.id, report);
  }
  for (const each of rejected) {
    const report = reportOf(
      { relation, application: "", key: jobKey(relation, each.id), rejected: each },
      standing.get(each.id),
      view,
    );
    if (report !== undefined) reports.set(each.id, report);
  }
  // Only a request that is seen to be gone takes its report along. Where something could not be read, it may be there.
  if (problems.length > 0) {
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

function reportOf(
  seen: SeenRequest,
  before: JobReport | undefined,
  view: ReportsView,
): JobReport | undefined {
  if (before !== undefined && isEnd(before.phase)) return before;
  const { key, request, rejected } = seen;
  const id = request?.id ?? rejected?.id ?? "";
  const entry = view.entries.get(key);
  const done = view.done.get(key);
  const outcome = entry === undefined ? undefined : outcomeOf(entry);
  if (done !== undefined) {
    // The end that counts is another one than this unit knows, or it is somebody else's to say.
    const isMine =
      view.speaksFor(done.by) || (typeof outcome === "object" && outcome.phase === done.report.phase);
    return isMine ? withRequest(done.report, seen) : undefined;
  }
  if (entry === undefined) {
    if (rejected === undefined || !view.isLeader) return undefined;
    return withRequest(endReport(rejected, "rejected", view.now, rejected.failure), seen);
  }
  if (outcome !== undefined) return isEnding(outcome) ? withRequest(outcome, seen) : undefined;
  return withRequest(
    { ...entry.progress, id, type: entry.type, fence: entry.fence, ...live(entry, key, view, seen) },
    seen,
  );
}

/** What changes while a job is at work. */
function live(
  entry: JournalEntry,
  key: string,
  view: ReportsView,
  { request }: SeenRequest,
): Partial<JobReport> {
  const progress = view.progress.get(key);
  const refused = request?.cancel === true && entry.pastNoReturn;
  return {
    ...(progress !== undefined && isAtWork(entry.progress.phase) ? { progress } : {}),
    ...(refused
      ? { message: "The cancel came too late: stopping now would do more harm than going on." }
      : {}),
  };
}

function withRequest(
  report: EndReport | Omit<JobReport, "storage" | "compression">,
  { request, rejected }: SeenRequest,
): JobReport {
  const { compression } = request ?? rejected ?? {};
  return {
    ...report,
    storage: request === undefined ? (rejected?.storage ?? { bucket: "" }) : reportedStorage(request.storage),
    ...(compression === undefined ? {} : { compression }),
  };
}
