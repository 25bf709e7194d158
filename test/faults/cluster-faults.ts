/**
 * Members of a cluster of three that go away, or change places, while one of them makes a backup.
 *
 * @module
 */
import { suspend, tlsServerOf } from "../end-to-end/cluster-processes.ts";
import { until } from "../simulation/until.ts";
import { shownOf, type ClusterFaultStand } from "./cluster-fault-stand.ts";
import type { Fault, Shown } from "./fault.ts";
import { freezeWhileCopying, thaw } from "./pgbackrest-at-work.ts";

/** Faults of a cluster of three. */
export const clusterFaults: readonly Fault<ClusterFaultStand>[] = [
  {
    name: "switchover-in-backup",
    title: "Of three members, another one is made the primary in the middle of a replica's backup",
    inject: async (stand) =>
      await inMidBackup(stand, async () => {
        await stand.cluster.switchover();
      }),
    ends: ["failed primary-changed"],
    remedy: /Request the backup again/,
    heal: async (stand) => await stand.whole(),
  },
  deadTlsPeer(),
  // The last: after a member was killed, Patroni may have archived WAL under a name that another member needs when it leads.
  killedPrimary(),
];

/** The machine of the primary goes down, and comes back when another member leads. */
function killedPrimary(): Fault<ClusterFaultStand> {
  let killed: number | undefined;
  return {
    name: "primary-killed-in-backup",
    title: "Of three members in synchronous mode, the primary is killed in the middle of a replica's backup",
    inject: async (stand) =>
      await inMidBackup(stand, async () => {
        const { cluster } = stand;
        const primary = await cluster.primary();
        killed = primary.index;
        await cluster.servers.killNode(killed);
        await until(
          "another member leads",
          async () => ((await cluster.primary()).name === primary.name ? undefined : true),
          120_000,
        );
      }),
    ends: ["failed primary-changed"],
    remedy: /Request the backup again/,
    heal: async (stand) => {
      if (killed !== undefined) await stand.cluster.servers.startNode(killed);
      await stand.whole();
    },
  };
}

/** pgBackRest's TLS server of the primary, by which a replica reaches it, takes connections and says nothing. */
function deadTlsPeer(): Fault<ClusterFaultStand> {
  let wake: (() => void) | undefined;
  return {
    name: "dead-tls-peer",
    title:
      "Of three members, the primary has a TLS server of pgBackRest that takes connections and never answers",
    inject: async (stand) => {
      await stand.whole();
      const primary = await stand.cluster.primary();
      const pids = tlsServerOf(primary);
      if (pids.length === 0) throw new Error("The primary has no TLS server.");
      wake = suspend(pids);
      return [await stand.job("create-backup"), await stand.job("create-backup", {}, primary)];
    },
    ends: ["failed primary-unreachable", "succeeded"],
    remedy: /log of the primary's unit/,
    heal: async (stand) => {
      wake?.();
      await stand.whole();
    },
  };
}

/** Has a replica make a backup, and does something while it copies and nothing of it moves. */
async function inMidBackup(stand: ClusterFaultStand, deed: () => Promise<void>): Promise<readonly Shown[]> {
  const { cluster } = stand;
  await stand.whole();
  const { result } = await cluster.begin(await stand.maker(), cluster.backupRequest());
  const processes = await freezeWhileCopying(cluster.servers.directory);
  await deed();
  thaw(processes);
  return [shownOf(await result)];
}
