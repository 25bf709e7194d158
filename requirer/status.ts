/**
 * The backup manager's unit status: everything an admin should know, in one line.
 *
 * @module
 */
import { isAtWork } from "../lib/job/phase.ts";
import type { UnitStatus } from "../lib/juju/juju.ts";
import { shortened, shownId } from "../lib/printable.ts";
import type { RelatedStorage } from "../lib/storage/s3-relation.ts";
import type { Database, RelatedDatabase } from "./database.ts";
import { endTime } from "./history/ended-summary.ts";
import { hasEnded, type JobRecord } from "./history/job-record.ts";
import { shownDuration } from "./shown.ts";

/** What the status is about. */
export interface Situation {
  readonly databases: readonly (Database & Partial<Pick<RelatedDatabase, "requests">>)[];
  readonly storage: RelatedStorage;
  readonly history: { readonly jobs: readonly JobRecord[] };
}

/**
 * Sums up all jobs; Blocked where an admin must act before any job can be requested, or any that is scheduled.
 *
 * @param trouble Why a schedule could not ask for its job, one line each.
 */
export function summarise(
  { databases, storage, history }: Situation,
  trouble: readonly string[],
  storageEndpoint: string,
  now: Date,
): UnitStatus {
  const jobs = summaryOf(history.jobs, now);
  const obstacle = obstacleOf(databases, storage, storageEndpoint) ?? trouble[0];
  // What runs goes on all the same, and an admin wants to see it.
  if (obstacle !== undefined)
    return { name: "blocked", message: [shortened(obstacle, 200), ...jobs].join(", ") };
  return {
    name: "active",
    message: [...jobs, ...plainTextOf(databases), ...problemsOf(databases)].join(", "),
  };
}

function obstacleOf(
  databases: readonly Database[],
  storage: RelatedStorage,
  storageEndpoint: string,
): string | undefined {
  if (databases.length === 0) return "no database related";
  if (storage.complete) {
    const [problem] = storage.problems;
    return problem === undefined ? undefined : `storage unusable: ${problem.message}`;
  }
  if (storage.secretUnreadable === true) return "storage incomplete: its secret cannot be read yet";
  return storage.related
    ? `storage incomplete: ${storage.missing.join(", ")} missing`
    : `no storage related (${storageEndpoint})`;
}

function summaryOf(jobs: readonly JobRecord[], now: Date): readonly string[] {
  const open = jobs.filter((job) => !hasEnded(job));
  const atWork = open.filter(({ phase }) => isAtWork(phase));
  const waiting = open.length - atWork.length;
  return [
    ...(atWork.length === 0 ? [] : [`${atWork.length} running${percentOf(atWork)}`]),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...lastBackup(jobs, now),
    ...failed(jobs),
  ];
}

function percentOf([job]: readonly JobRecord[]): string {
  const percent = job?.reports[0]?.report.progress?.percent;
  return percent === undefined ? "" : ` (${Math.floor(percent)} %)`;
}

function lastBackup(jobs: readonly JobRecord[], now: Date): readonly string[] {
  const times = jobs.flatMap((job) =>
    job.type === "backup" && job.phase === "succeeded" ? (endTime(job) ?? []) : [],
  );
  return times.length === 0 ? [] : [`last backup ${shownDuration(now.getTime() - Math.max(...times))} ago`];
}

/** The jobs that went wrong since the last of their kind went well; a cancelled one is what somebody wanted. */
function failed(jobs: readonly JobRecord[]): readonly string[] {
  const wrong = new Map<string, JobRecord[]>();
  for (const job of jobs) {
    if (!hasEnded(job) || job.phase === "cancelled") continue;
    const kind = `${job.relation} ${job.type}`;
    wrong.set(kind, job.phase === "succeeded" ? [] : [...(wrong.get(kind) ?? []), job]);
  }
  const all = [...wrong.values()].flat();
  const last = all.toSorted((a, b) => (endTime(a) ?? 0) - (endTime(b) ?? 0)).at(-1);
  return last === undefined ? [] : [`${all.length} failed: show-job job-id=${shownId(last.id)}`];
}

/** The databases whose requests have the keys of the storage in plain text now, as version 0 of the interface has it. */
function plainTextOf(databases: Situation["databases"]): readonly string[] {
  const names = databases.filter(({ requests = [] }) =>
    requests.some(({ storage }) => storage.credentials.present),
  );
  return names.length === 0
    ? []
    : [`storage keys in plain text for ${names.map(({ application }) => application).join(", ")}`];
}

/** What a database cannot use of this side's requests, or this side of its reports, needs somebody to look at it. */
function problemsOf(databases: readonly Database[]): readonly string[] {
  const database = databases.find(({ problems }) => problems.length > 0);
  return database === undefined
    ? []
    : [`${database.application}: ${shortened(database.problems[0]?.message ?? "", 200)}`];
}
