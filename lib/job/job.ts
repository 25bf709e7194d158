/**
 * A job: a request and its reports, joined by relation and job id.
 *
 * @module
 */
import { isEnd, phasesAtWork, type Phase } from "./phase.ts";
import type { JobReport } from "./report.ts";
import type { JobRequest } from "./request.ts";

/** A report together with the unit whose databag it stands in. */
export interface UnitReport {
  readonly unit: string;
  readonly report: JobReport;
}

/** A request and its reports. */
export interface Job {
  /** The id of the relation, for example `database-backup:3`. */
  readonly relation: string;
  readonly id: string;
  /** Absent where only a report is left. */
  readonly request?: JobRequest;
  /** Every unit's report, the one that counts first. */
  readonly reports: readonly UnitReport[];
  readonly phase: Phase;
}

/**
 * Joins requests and reports of one relation into jobs: requests in their order, then reports whose request is gone.
 *
 * Merging is a join in a partial order: it does not matter in which order or how often reports are seen, and an end
 * never goes back. Of several ends the one that counts is the maximum by (not lost, fence, error before success, unit).
 */
export function joinJobs(
  relation: string,
  requests: readonly JobRequest[],
  reports: readonly UnitReport[],
): readonly Job[] {
  const byId = new Map<string, UnitReport[]>();
  for (const report of reports) {
    const known = byId.get(report.report.id);
    if (known === undefined) byId.set(report.report.id, [report]);
    else known.push(report);
  }
  const jobs: Job[] = [];
  for (const request of requests) {
    jobs.push(joinJob(relation, request.id, request, byId.get(request.id) ?? []));
    byId.delete(request.id);
  }
  for (const [id, left] of byId) jobs.push(joinJob(relation, id, undefined, left));
  return jobs;
}

function joinJob(
  relation: string,
  id: string,
  request: JobRequest | undefined,
  reports: readonly UnitReport[],
): Job {
  const ordered = reports.toSorted((a, b) => compareReports(b, a));
  return {
    relation,
    id,
    ...(request === undefined ? {} : { request }),
    reports: ordered,
    phase: ordered[0]?.report.phase ?? "requested",
  };
}

/** As much of a unit's report as it takes to tell which of two counts. */
export interface ComparedReport {
  readonly unit: string;
  readonly report: Pick<JobReport, "phase" | "fence">;
}

/** Orders two reports of one job by which of them counts; the one that counts is the greater. */
export function compareReports(a: ComparedReport, b: ComparedReport): number {
  return (
    rank(a.report.phase) - rank(b.report.phase) ||
    (a.report.fence ?? 0) - (b.report.fence ?? 0) ||
    phaseAtWork(a.report.phase) - phaseAtWork(b.report.phase) ||
    Number(a.report.phase !== "succeeded") - Number(b.report.phase !== "succeeded") ||
    (a.unit < b.unit ? -1 : Number(a.unit > b.unit))
  );
}

/** An end outranks all work, and `lost`, which is an end without a witness, is outranked by every other end. */
function rank(phase: Phase): number {
  if (!isEnd(phase)) return 0;
  return phase === "lost" ? 1 : 2;
}

function phaseAtWork(phase: Phase): number {
  return phasesAtWork.findIndex((atWork) => atWork === phase);
}
