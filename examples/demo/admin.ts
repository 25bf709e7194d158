/**
 * The admin: runs the manager's actions and watches jobs, as with `juju run` and `juju show-unit`.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedJuju } from "juju-database-backup/testing";
import { manager } from "./model.ts";

const jobLimitMs = 90_000;
const lookEveryMs = 200;

/** What an action answered. */
export type Results = Readonly<Record<string, string>>;

/** Runs an action of the backup manager. */
export async function runAction(
  juju: SimulatedJuju,
  action: string,
  parameters: Record<string, string> = {},
): Promise<Results> {
  const task = await juju.runAction(manager, action, parameters);
  if (task.status !== "completed") throw new Error(`The action ${action} ${task.status}: ${task.message}`);
  return task.results;
}

/** The manager learns of an end by a hook of its own, a moment after it stands in the database's databag. */
async function shownAtLast(juju: SimulatedJuju, id: string): Promise<Results> {
  for (;;) {
    const shown = await runAction(juju, "show-job", { "job-id": id });
    if (shown["status"] !== "running") return shown;
    await sleep(lookEveryMs);
  }
}

/** What a unit's databag says of a job. */
interface ShownReport {
  readonly "job-id": string;
  readonly status: string;
  readonly phase?: string;
  readonly progress?: { readonly percent: number };
}

/**
 * Watches a job in the database's unit databag until it has ended, and gives what `show-job` says of it then.
 *
 * @param say Called with each new phase, and each new percentage.
 */
export async function watchJob(
  juju: SimulatedJuju,
  relation: number,
  id: string,
  say: (line: string) => void,
): Promise<Results> {
  const started = performance.now();
  let last = "";
  while (performance.now() - started < jobLimitMs) {
    const { jobs } = juju.databag(relation, "postgresql/0");
    const reports: readonly ShownReport[] = jobs === undefined ? [] : JSON.parse(jobs);
    const report = reports.find((candidate) => candidate["job-id"] === id);
    const percent = report?.progress === undefined ? "" : ` ${Math.floor(report.progress.percent)} %`;
    const line = report === undefined ? "requested" : `${report.phase ?? ""}${percent}`;
    if (line !== last) say(line);
    last = line;
    if (report !== undefined && report.status !== "running") {
      const shown = await shownAtLast(juju, id);
      if (report.status === "success") return shown;
      throw new Error(`Job ${id} ${report.phase ?? ""}: ${shown["message"] ?? ""} ${shown["remedy"] ?? ""}`);
    }
    await sleep(lookEveryMs);
  }
  throw new Error(`Job ${id} has not ended after ${jobLimitMs / 1000} s; it is ${last}.`);
}
