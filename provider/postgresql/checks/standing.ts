/**
 * Whether a unit can take a job now, and in which role. Pure.
 *
 * @module
 */
import type { Standing } from "../../../lib/executor.ts";
import type { MemberState } from "../patroni/patroni.ts";
import { rejectArchiver, type ArchiverState } from "./archiver-check.ts";
import { discardedFailure } from "./unfinished-restore.ts";

/** What is known in a hook, within a second. */
export interface StandingFacts {
  /** The job that gave up the old database, where no restore has succeeded since. */
  readonly discardedBy: string | undefined;
  /** What this unit's Patroni says; undefined where it does not answer. */
  readonly member: MemberState | undefined;
  /** Whether key, certificate and authority are there. */
  readonly isTlsEnabled: boolean;
  /** Whether this unit has the storage that is related, and would archive to it as the primary. */
  readonly isArchiving: boolean;
  /** Whether the primary's TLS server takes connections; undefined where this is the primary. */
  readonly isPrimaryReachable: boolean | undefined;
  /** What the archiver does; undefined where this is a replica, or where that could not be asked. */
  readonly archiver: ArchiverState | undefined;
}

/** Decides. */
export function decideStanding(facts: StandingFacts): Standing {
  const { discardedBy, member, isTlsEnabled, isArchiving, isPrimaryReachable, archiver } = facts;
  // Without a database there is nothing to ask, and a restore is the way to one.
  if (discardedBy !== undefined) {
    const { message, remedy } = discardedFailure(discardedBy);
    return { ready: true, role: "primary", problem: `${message} ${remedy}` };
  }
  if (member === undefined) return { ready: false, reason: "Patroni does not answer" };
  if (member.state !== "running" && member.state !== "streaming")
    return { ready: false, reason: `PostgreSQL is not running: Patroni says "${member.state}"` };
  if (!member.locked) return { ready: false, reason: "the cluster has no leader" };
  if (member.isPrimary) {
    // Jobs may be tried all the same: the admin may have done what the problem says.
    const stuck = archiver === undefined ? undefined : rejectArchiver(archiver);
    const problem = stuck === undefined ? {} : { problem: `${stuck.message} ${stuck.remedy}` };
    return { ready: true, role: "primary", ...problem };
  }
  if (!isTlsEnabled)
    return { ready: false, reason: "PostgreSQL is a replica here, and TLS to the primary is not enabled" };
  if (!isArchiving)
    return { ready: false, reason: "PostgreSQL is a replica here, and the primary does not archive yet" };
  if (isPrimaryReachable !== true)
    return {
      ready: false,
      reason: "PostgreSQL is a replica here, and the primary's TLS server does not answer",
    };
  return { ready: true, role: "replica" };
}
