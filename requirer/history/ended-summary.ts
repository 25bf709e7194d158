/**
 * What is left of jobs that ended long ago: how many there were of each result, and the last success and failure.
 *
 * @module
 */
import { endPhases, isEnd, type EndPhase } from "../../lib/job/phase.ts";
import type { JobRecord } from "./job-record.ts";

/** The jobs of one application that are counted only. */
export interface EndedSummary {
  /** Empty for all those that are one too many to be counted by themselves. */
  readonly application: string;
  readonly counts: Readonly<Partial<Record<EndPhase, number>>>;
  /** In milliseconds since 1970. */
  readonly lastSuccessAt?: number;
  readonly lastFailureAt?: number;
  readonly lastEndedAt?: number;
}

/** How many applications are counted by themselves. */
export const maxSummaries = 16;

/** Counts a job. Those of applications beyond the sixteenth are counted together. */
export function countEnd(summaries: readonly EndedSummary[], record: JobRecord): readonly EndedSummary[] {
  if (!isEnd(record.phase)) return summaries;
  const isKnown = summaries.some(({ application }) => application === record.application);
  const named = summaries.filter(({ application }) => application !== "");
  const application = isKnown || named.length < maxSummaries ? record.application : "";
  const before = summaries.find((summary) => summary.application === application) ?? {
    application,
    counts: {},
  };
  const others = summaries.filter((summary) => summary.application !== application);
  const endedAt = endTime(record);
  const isSuccess = record.phase === "succeeded";
  return [
    ...others,
    {
      application,
      counts: { ...before.counts, [record.phase]: (before.counts[record.phase] ?? 0) + 1 },
      ...latest("lastSuccessAt", before, isSuccess ? endedAt : undefined),
      ...latest("lastFailureAt", before, isSuccess ? undefined : endedAt),
      ...latest("lastEndedAt", before, endedAt),
    },
  ];
}

/** How many jobs are counted. */
export function countOf(summaries: readonly EndedSummary[]): number {
  const counts = summaries.flatMap((summary) => endPhases.map((phase) => summary.counts[phase] ?? 0));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** When a job ended, in milliseconds since 1970, as the unit says; undefined where it does not. */
export function endTime({ reports }: JobRecord): number | undefined {
  const finishedAt = Date.parse(reports[0]?.report.finishedAt ?? "");
  return Number.isNaN(finishedAt) ? undefined : finishedAt;
}

type Moments = Pick<EndedSummary, "lastSuccessAt" | "lastFailureAt" | "lastEndedAt">;

function latest(field: keyof Moments, before: Moments, time: number | undefined): Moments {
  const times = [before[field], time].filter((known) => known !== undefined);
  return times.length === 0 ? {} : { [field]: Math.max(...times) };
}
