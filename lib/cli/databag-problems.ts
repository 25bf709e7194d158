/**
 * What is wrong with a databag, by the side that wrote it.
 *
 * @module
 */
import type { Databag } from "../juju/juju.ts";
import { isObject, readList } from "../wire/list-value.ts";
import type { Problem } from "../wire/problem.ts";
import { providerApplicationProblems } from "../wire/provider-application.ts";
import { quoted } from "../wire/received.ts";
import { decodeReports } from "../wire/reports.ts";
import { requestProblems } from "../wire/requests.ts";

/** The sides of the interface. */
export const sides = ["provider", "requirer"] as const;
/** A side of the interface. */
export type Side = (typeof sides)[number];

/** A problem, with the job that it is about. */
export interface JobProblem extends Problem {
  /** The job's id, in quotes; absent where the problem is about no job, or about one without an id. */
  readonly job?: string;
}

const applicationKeys = ["features", "lib-version", "queue", "backups", "problems"];
const reportFields = ["status", "phase", "message", "progress", "started-at", "finished-at", "backup-id"];
const requestFields = ["backup-type", "restore-to-time", "restore-timeline", "requested-at", "start-before"];

/**
 * Tells by its fields which side wrote a databag. Undefined where no field in it belongs to one side alone: a request
 * of version 0 may as well be a report that lacks its status.
 */
export function sideOf(databag: Databag): Side | undefined {
  const jobs = readList(databag, "jobs").items.filter(isObject);
  const has = (fields: readonly string[]): boolean =>
    jobs.some((job) => fields.some((field) => field in job));
  const provider = has(reportFields) || applicationKeys.some((key) => key in databag);
  const requirer = has(requestFields);
  if (provider === requirer) return undefined;
  return provider ? "provider" : "requirer";
}

/** Whether it makes a difference which side wrote a databag. */
export function dependsOnSide(databag: Databag): boolean {
  return readList(databag, "jobs").items.some(isObject);
}

/** Finds everything that is wrong with a databag. No problem shows a credential. */
export function databagProblems(databag: Databag, side: Side): readonly JobProblem[] {
  const jobs = readList(databag, "jobs").items;
  const problems =
    side === "requirer"
      ? requestProblems(databag)
      : [...decodeReports(databag).problems, ...providerApplicationProblems(databag)];
  return problems.map((problem) => {
    const index = /^jobs\[(\d+)\]/.exec(problem.field)?.[1];
    const job = index === undefined ? undefined : jobs[Number(index)];
    const id = isObject(job) ? job["job-id"] : undefined;
    return typeof id === "string" && id !== "" ? { ...problem, job: quoted(id) } : problem;
  });
}
