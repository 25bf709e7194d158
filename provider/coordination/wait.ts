/**
 * Why a job waits, for programs and for people.
 *
 * @module
 */
import type { JobRequest } from "../../lib/job/request.ts";
import { shownId } from "../../lib/printable.ts";
import { anotherManagers, type QueuedJob } from "../../lib/job/waiting-job.ts";
import type { Grant } from "./peer-records.ts";

/** What a job waits for. */
export type Wait =
  /** A job that a unit has. */
  | { readonly kind: "for-granted"; readonly grant: Grant; readonly isGone: boolean }
  /** A job that came earlier, and waits itself. */
  | {
      readonly kind: "for-earlier";
      readonly job: { readonly relation: string; readonly request: JobRequest };
    }
  /** The keys of its storage cannot be read. */
  | { readonly kind: "for-keys"; readonly reason: string }
  /** No unit can take it, each for its reason. */
  | { readonly kind: "no-unit"; readonly refusals: readonly string[] };

/** A job that waits. */
export interface WaitingJob {
  readonly relation: string;
  readonly application: string;
  readonly request: JobRequest;
  readonly wait: Wait;
}

/** Why a job waits, as one line for the admin of a relation: what other managers ask for is not told. */
export function reasonToWait({ wait }: WaitingJob, relation: string): string {
  switch (wait.kind) {
    case "for-granted": {
      const { grant, isGone } = wait;
      const what = `${grant.type} ${nameOf(grant.relation, grant.job, relation)}`;
      if (!isGone) return `waits for the ${what} on ${grant.unit}`;
      return `waits for the ${what}: ${grant.unit}, which has it, is gone without a word; run release-grant on the leader, fence=${grant.fence}`;
    }
    case "for-earlier":
      return `waits for its turn after the ${wait.job.request.type} ${nameOf(wait.job.relation, wait.job.request.id, relation)}`;
    case "for-keys":
      return wait.reason;
    case "no-unit":
      return `no unit can take it: ${wait.refusals.join("; ")}`;
  }
}

/** Of more jobs than so many nobody reads where each of them stands, and each change would be told to all units. */
const maxQueued = 100;

/** The queue of one relation, with the places that its jobs have among all. */
export function queueOf(waiting: readonly WaitingJob[], relation: string): readonly QueuedJob[] {
  return waiting.flatMap((job, index) => {
    if (job.relation !== relation || index >= maxQueued) return [];
    const { wait } = job;
    const other =
      wait.kind === "for-granted"
        ? idFor(relation, wait.grant.relation, wait.grant.job)
        : wait.kind === "for-earlier"
          ? idFor(relation, wait.job.relation, wait.job.request.id)
          : undefined;
    return [
      {
        jobId: job.request.id,
        position: index + 1,
        reason: reasonToWait(job, relation),
        ...(other === undefined ? {} : { waitingFor: other }),
      },
    ];
  });
}

function idFor(reader: string, relation: string, job: string): string {
  return relation === reader ? job : anotherManagers;
}

function nameOf(relation: string, job: string, reader: string): string {
  if (relation === reader) return shownId(job);
  return relation === "action" ? "of the database's own action" : "of another manager";
}
