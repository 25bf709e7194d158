/**
 * Watches who leads the cluster while a backup is made: it cannot be finished once another member leads or none does, and
 * pgBackRest would find that out only at its end, and then not say why.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutorError } from "../../../lib/errors.ts";
import { takesConnections } from "../cluster/port-probe.ts";
import { leaderOf, type ClusterMember } from "../patroni/cluster-view.ts";
import type { Patroni } from "../patroni/patroni.ts";
import { underWatch } from "../watched-work.ts";

const pollMs = 2_000;
const connectTimeoutMs = 3_000;

/** Who led when the backup began. */
export interface LeadershipBefore {
  /** Whether the member that makes the backup was the primary. */
  readonly isPrimary: boolean;
  /** Undefined for a unit alone, of which nobody else can take the lead. */
  readonly leader: ClusterMember | undefined;
}

/** Who leads now. */
export interface LeadershipNow {
  readonly isPrimary: boolean;
  /** Undefined where Patroni cannot reach the DCS. */
  readonly members: readonly ClusterMember[] | undefined;
  /** Whether the leader's Patroni takes connections; undefined where that was not looked for. */
  readonly isLeaderThere?: boolean | undefined;
}

/**
 * What has changed under a backup; undefined where nothing has, or nobody can say. Pure.
 *
 * @param hasFailed Whether the backup has failed already, for a reason that is looked for.
 */
export function leadershipChange(
  before: LeadershipBefore,
  now: LeadershipNow,
  hasFailed: boolean,
): ExecutorError | undefined {
  const isDemoted = before.isPrimary && !now.isPrimary;
  if (now.members === undefined) {
    // A replica is not told what the primary does then, and may be lucky.
    return isDemoted || (hasFailed && !before.isPrimary) ? withoutStore() : undefined;
  }
  const change = before.leader === undefined ? undefined : leaderChange(before.leader, now.members);
  if (change !== undefined || isDemoted) return change ?? demoted();
  // Until another member may lead, Patroni knows the one that is gone as the leader.
  return hasFailed && before.leader !== undefined && now.isLeaderThere === false
    ? leaderGone(before.leader)
    : undefined;
}

function leaderChange(before: ClusterMember, members: readonly ClusterMember[]): ExecutorError | undefined {
  const now = leaderOf(members);
  // Without a leader the one before may come back, and the backup go on.
  if (now === undefined) return undefined;
  const isPromotedAnew =
    now.timeline !== undefined && before.timeline !== undefined && now.timeline !== before.timeline;
  if (now.name === before.name && !isPromotedAnew) return undefined;
  return new ExecutorError({
    code: "primary-changed",
    message:
      now.name === before.name
        ? `The primary, ${before.name}, was promoted anew in mid-backup, so that the backup cannot be finished.`
        : `The primary changed from ${before.name} to ${now.name} in mid-backup, so that the backup cannot be finished.`,
    remedy: "Request the backup again; the cluster has a primary.",
  });
}

function leaderGone({ name }: ClusterMember): ExecutorError {
  return new ExecutorError({
    code: "primary-gone",
    message: `The primary, ${name}, does not answer any more, so that the backup could not be finished.`,
    remedy:
      "Request the backup again once the cluster has a primary; Patroni promotes another member by itself.",
  });
}

function withoutStore(): ExecutorError {
  return new ExecutorError({
    code: "primary-demoted",
    message:
      "Patroni could not reach its DCS in mid-backup, and demotes the primary then, so that the backup cannot be finished.",
    remedy:
      "Bring the DCS back, or the way to it, then request the backup again; with failsafe_mode Patroni keeps a primary " +
      "whose members all answer.",
  });
}

function demoted(): ExecutorError {
  return new ExecutorError({
    code: "primary-demoted",
    message: "Patroni demoted the primary in mid-backup, so that the backup cannot be finished.",
    remedy: "Read Patroni's log for why, then request the backup again once there is a primary.",
  });
}

/**
 * Does some work that needs the present leader to stay.
 *
 * @throws ExecutorError `primary-changed`, `primary-demoted` or `primary-gone`, when the work has ended because of that.
 */
export async function underOneLeader<Result>(
  patroni: Patroni,
  before: LeadershipBefore,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const change = async (hasFailed: boolean): Promise<ExecutorError | undefined> => {
    const now = await lookAt(patroni, hasFailed);
    return now === undefined ? undefined : leadershipChange(before, now, hasFailed);
  };
  const watch = async (done: AbortSignal): Promise<ExecutorError> => {
    for (;;) {
      await sleep(pollMs, undefined, { signal: done });
      const found = await change(false);
      if (found !== undefined) return found;
    }
  };
  try {
    return await underWatch(signal, watch, work);
  } catch (error) {
    if (signal.aborted) throw error;
    throw (await change(true)) ?? error;
  }
}

/** Undefined where Patroni does not answer. */
async function lookAt(patroni: Patroni, hasFailed: boolean): Promise<LeadershipNow | undefined> {
  const member = await patroni.member();
  if (member === undefined) return undefined;
  const { isPrimary } = member;
  const members = await patroni.cluster().catch(() => undefined);
  const leader = hasFailed && !isPrimary ? leaderOf(members ?? []) : undefined;
  return { isPrimary, members, isLeaderThere: await isThere(leader) };
}

async function isThere(leader: ClusterMember | undefined): Promise<boolean | undefined> {
  if (leader?.apiUrl === undefined || !URL.canParse(leader.apiUrl)) return undefined;
  const { hostname, port, protocol } = new URL(leader.apiUrl);
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  return await takesConnections(hostname.replaceAll(/[[\]]/g, ""), number, connectTimeoutMs);
}
