/**
 * Watches who leads the cluster while a backup is made: it cannot be finished once another member leads, and pgBackRest
 * would find that out only at its end.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutorError } from "../../../lib/errors.ts";
import { leaderOf, type ClusterMember } from "../patroni/cluster-view.ts";
import type { Patroni } from "../patroni/patroni.ts";

const pollMs = 2_000;

/** What has changed under a backup; undefined where nothing has, or nobody can say. Pure. */
export function leaderChange(
  before: ClusterMember,
  members: readonly ClusterMember[],
): ExecutorError | undefined {
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

/**
 * Does some work that needs the present leader to stay.
 *
 * @throws ExecutorError `primary-changed`, when the work has ended because of that.
 */
export async function underOneLeader<Result>(
  patroni: Patroni,
  leader: ClusterMember,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const changed = new AbortController();
  const done = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await sleep(pollMs, undefined, { signal: done.signal });
      const members = await patroni.cluster().catch(() => []);
      const change = leaderChange(leader, members);
      if (change !== undefined) return changed.abort(change);
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    return await work(AbortSignal.any([signal, changed.signal]));
  } catch (error) {
    const change: unknown = changed.signal.reason;
    throw change instanceof ExecutorError && !signal.aborted ? change : error;
  } finally {
    done.abort();
    await watching;
  }
}
