/**
 * Whether a restore that Patroni carries out has come to its end, and to which: the decisions that Canonical's charms make in
 * update-status, in their order, and ours among them. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { cancelledFailure } from "../job-failure.ts";
import type { MemberState } from "../patroni/patroni.ts";
import { stalledFailure } from "../pgbackrest/pgbackrest-errors.ts";
import type { RestoreGoal } from "../restore/restore-journal.ts";
import { rejectProof, type RestoreProof } from "../restore/restore-proof.ts";

/** What is known of a restore under way. */
export interface RestoreEndFacts {
  readonly isCancelled: boolean;
  /** What this unit's Patroni says; undefined where it does not answer. */
  readonly member: MemberState | undefined;
  /** Why Patroni's service has ended, by the logs; undefined while it runs. */
  readonly serviceFailure: Failure | undefined;
  /** Whether files are still being copied. */
  readonly isCopying: boolean;
  /** Since when no line came from pgBackRest, in milliseconds, and for how long none may come. */
  readonly quietMs: number;
  readonly quietLimitMs: number;
  /** What the restored database says of itself; undefined before it is the primary. */
  readonly proof: RestoreProof | undefined;
  /** What it has to be. */
  readonly goal: Pick<RestoreGoal, "timeline" | "target" | "lastSegment">;
}

/** How a restore stands. */
export type RestoreEnd =
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Looked at again in a moment. */
  | { readonly kind: "waiting" }
  /** It is what was asked for. */
  | { readonly kind: "proven"; readonly proof: RestoreProof };

/** A decision. */
export interface RestoreEndCheck {
  readonly name: string;
  /** The question of update-status that it stands for; absent where we ask more. */
  readonly chart?: string;
  /** Undefined where it lets the next one decide. */
  decide(facts: RestoreEndFacts): Exclude<RestoreEnd, { kind: "proven" }> | undefined;
}

const failsWith = (failure: Failure | undefined): Exclude<RestoreEnd, { kind: "proven" }> | undefined =>
  failure === undefined ? undefined : { kind: "failed", failure };

/** Whether PostgreSQL has recovered and takes writes. */
export function hasStarted(member: MemberState | undefined): boolean {
  return member?.isPrimary === true && member.locked && member.state === "running";
}

/** The decisions, in order. */
export const restoreEndChecks: readonly RestoreEndCheck[] = [
  {
    name: "is-restore-cancelled",
    decide: ({ isCancelled }) => failsWith(isCancelled ? cancelledFailure : undefined),
  },
  {
    name: "was-recovery-target-reached",
    chart: "Has the database service failed to reach the point-in-time-recovery target?",
    decide: ({ serviceFailure }) =>
      failsWith(serviceFailure?.code === "restore-target-unreachable" ? serviceFailure : undefined),
  },
  {
    name: "is-database-service-running",
    chart: "Is the database service active?",
    decide: ({ serviceFailure }) => failsWith(serviceFailure),
  },
  {
    name: "do-files-arrive",
    decide: ({ member, isCopying, quietMs, quietLimitMs }) =>
      failsWith(
        isCopying && !hasStarted(member) && quietMs > quietLimitMs ? stalledFailure("restore") : undefined,
      ),
  },
  {
    name: "has-member-started",
    chart: "Has the Patroni member started?",
    decide: ({ member }) => (hasStarted(member) ? undefined : { kind: "waiting" }),
  },
  {
    name: "can-timeline-be-read",
    chart: "Can the timeline be read?",
    decide: ({ proof }) => (proof === undefined ? { kind: "waiting" } : undefined),
  },
  {
    name: "is-restored-database-what-was-asked-for",
    decide: ({ proof, goal }) => failsWith(proof === undefined ? undefined : rejectProof(proof, goal)),
  },
];

/**
 * Decides in order, up to the first check that does not pass.
 *
 * @param note Called with the name of each check.
 */
export function decideRestoreEnd(
  facts: RestoreEndFacts,
  note: (name: string) => void = () => undefined,
): RestoreEnd {
  for (const check of restoreEndChecks) {
    note(check.name);
    const end = check.decide(facts);
    if (end !== undefined) return end;
  }
  const { proof } = facts;
  return proof === undefined ? { kind: "waiting" } : { kind: "proven", proof };
}
