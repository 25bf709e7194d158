/**
 * The backup manager's unit status: everything an admin should know, in one line.
 *
 * @module
 */
import type { Job } from "../lib/job/job.ts";
import { isAtWork } from "../lib/job/phase.ts";
import type { UnitStatus } from "../lib/juju/juju.ts";
import { shortened, shownId } from "../lib/printable.ts";
import type { RelatedStorage } from "../lib/storage/s3-relation.ts";
import type { Database } from "./database.ts";

/** Sums up all jobs; Blocked where an admin must act before any job can be requested. */
export function summarise(
  databases: readonly Database[],
  storage: RelatedStorage,
  storageEndpoint: string,
): UnitStatus {
  if (databases.length === 0) return { name: "blocked", message: "no database related" };
  if (!storage.complete) {
    return {
      name: "blocked",
      message: storage.related
        ? `storage incomplete: ${storage.missing.join(", ")} missing`
        : `no storage related (${storageEndpoint})`,
    };
  }
  const [problem] = storage.problems;
  if (problem !== undefined) return { name: "blocked", message: `storage unusable: ${problem.message}` };
  const jobs = databases.flatMap((database) => database.jobs);
  const atWork = jobs.filter((job) => isAtWork(job.phase));
  const requested = jobs.filter((job) => job.phase === "requested");
  const parts = [
    ...(atWork.length === 0 ? [] : [`${atWork.length} running${percentOf(atWork)}`]),
    ...(requested.length === 0 ? [] : [`${requested.length} requested`]),
    ...lastEnd(jobs),
    ...problemsOf(databases),
  ];
  return { name: "active", message: parts.join(", ") };
}

function percentOf([job]: readonly Job[]): string {
  const percent = job?.reports[0]?.report.progress?.percent;
  return percent === undefined ? "" : ` (${Math.floor(percent)} %)`;
}

/** What a database cannot use of this side's requests, or this side of its reports, needs somebody to look at it. */
function problemsOf(databases: readonly Database[]): readonly string[] {
  const database = databases.find(({ problems }) => problems.length > 0);
  return database === undefined
    ? []
    : [`${database.application}: ${shortened(database.problems[0]?.message ?? "", 200)}`];
}

function lastEnd(jobs: readonly Job[]): readonly string[] {
  const [last] = jobs
    .flatMap((job) => {
      const finishedAt = job.reports[0]?.report.finishedAt;
      return finishedAt === undefined ? [] : [{ job, finishedAt }];
    })
    .toSorted((a, b) => Date.parse(b.finishedAt) - Date.parse(a.finishedAt));
  if (last === undefined) return [];
  const { id, phase, reports } = last.job;
  const what = `last ${reports[0]?.report.type ?? "job"} ${phase}`;
  return [
    phase === "succeeded"
      ? `${what} at ${last.finishedAt.slice(0, 19)}Z`
      : `${what}: show-job job-id=${shownId(id)}`,
  ];
}
