/**
 * Where a job stands that the charm's own action asked for, and what other units are about. Pure.
 *
 * @module
 */
import type { JobProgress } from "../lib/job/report.ts";
import type { QueuedJob } from "../lib/job/waiting-job.ts";
import { actionRelation, answers, jobKey } from "./coordination/peer-records.ts";
import { queueOf, type WaitingJob } from "./coordination/wait.ts";
import type { JournalState } from "./journal/journal.ts";
import type { PeersRead } from "./peers.ts";
import type { LiveProgress } from "./journal/state-directory.ts";

/** Where a job stands that the charm's own action asked for. */
export interface OwnJob {
  readonly id: string;
  /** The phase, with what is known of the job in it. */
  readonly report: JobProgress;
  /** What it waits for; absent where it does not wait, or nothing is in its way. */
  readonly waiting?: Omit<QueuedJob, "jobId">;
  /** The unit that has it, or had it. */
  readonly unit?: string;
}

/** Whether a unit other than this one has a backup to make and has not said that it ended. */
export function isBackingUp({ application, others }: PeersRead, self: string): boolean {
  return [...application.grants.values()].some(
    (grant) =>
      grant.type === "backup" && grant.unit !== self && !answers(others.get(grant.unit)?.released, grant),
  );
}

/** Adds to a job that waits what it waits for. */
export function withWait(job: OwnJob, waiting: readonly WaitingJob[]): OwnJob {
  const queued = queueOf(waiting, actionRelation).find(({ jobId }) => jobId === job.id);
  if (queued === undefined) return job;
  const { jobId: _, ...wait } = queued;
  return { ...job, waiting: wait };
}

/** Finds a job in what the units tell each other, and in this unit's journal. */
export function ownJobIn(
  id: string,
  { application, own }: PeersRead,
  state: { readonly journal: JournalState; readonly liveProgress?: LiveProgress },
): OwnJob | undefined {
  const key = jobKey(actionRelation, id);
  const done = application.done.get(key);
  if (done !== undefined) {
    const unit = done.fence === 0 ? {} : { unit: done.by.unit };
    return { id, report: done.report, ...unit };
  }
  const running = [...state.journal.entries].findLast(
    ([, entry]) => entry.relation === actionRelation && entry.job === id && entry.request !== undefined,
  );
  const grant = [...application.grants.values()].find(
    ({ relation, job }) => relation === actionRelation && job === id,
  );
  const unit = grant === undefined ? {} : { unit: grant.unit };
  if (running !== undefined) {
    const [name, { progress: report }] = running;
    const { liveProgress } = state;
    const copied = liveProgress?.grant === name ? { progress: liveProgress.progress } : {};
    return { id, report: { ...report, ...copied }, ...unit };
  }
  if (grant !== undefined) return { id, report: { phase: "granted" }, ...unit };
  const isAsked = application.tickets.has(key) || own?.asked.some((job) => job.id === id) === true;
  return isAsked ? { id, report: { phase: "waiting" } } : undefined;
}
