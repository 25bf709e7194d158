/**
 * What units say of one job, and which of them counts.
 *
 * @module
 */
import { isEnd, phasesAtWork, type Phase } from "./phase.ts";
import type { JobReport } from "./report.ts";

/** A report together with the unit whose databag it stands in. */
export interface UnitReport {
  readonly unit: string;
  readonly report: JobReport;
}

/** As much of a unit's report as it takes to tell which of two counts. */
export interface ComparedReport {
  readonly unit: string;
  readonly report: Pick<JobReport, "phase" | "fence">;
}

/**
 * Orders two reports of one job by which of them counts; the one that counts is the greater.
 *
 * An end is greater than all work, and never goes back. Of several ends the one that counts is the maximum by (not lost,
 * fence, error before success, unit).
 */
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
