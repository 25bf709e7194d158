/**
 * Servers that go away, or have no room, in the middle of a job.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fillDisk } from "./full-disk.ts";
import { type FaultStand, withoutId } from "./fault-stand.ts";
import type { Fault, Shown } from "./fault.ts";
import { backUpAndRestoreLatest, restoreFirstBackup } from "./next-jobs.ts";
import { freezeWhileCopying, thaw } from "./pgbackrest-at-work.ts";

/** Servers that go away, or have no room. */
export const outageFaults: readonly Fault[] = [
  {
    name: "s3-restarted-in-backup",
    title: "The S3 server is killed in the middle of a backup, and back a few seconds later",
    inject: async (stand) => await inMid(stand, "create-backup", async () => await restartS3(stand)),
    ends: ["succeeded"],
    next: backUpAndRestoreLatest,
  },
  {
    name: "s3-restarted-in-restore",
    title: "The S3 server is killed in the middle of a restore, and back a few seconds later",
    inject: async (stand) => {
      const shown = await inMid(stand, "restore", async () => await restartS3(stand));
      stand.rows.goBackTo(stand.firstBackup.rows);
      return shown;
    },
    ends: ["succeeded"],
  },
  {
    name: "expired-certificate",
    title: "The S3 server's certificate has expired",
    inject: async (stand) => {
      await stand.servers.s3.stop();
      await stand.servers.s3.start("expired");
      return [await stand.job("create-backup")];
    },
    ends: ["rejected storage-certificate"],
    remedy: /renew the certificate/,
    heal: async ({ servers }) => {
      await servers.s3.stop();
      await servers.s3.start();
    },
  },
  {
    name: "repository-full",
    title: "The quota of the bucket is used up in the middle of a backup, and when the next one is requested",
    inject: async (stand) => [
      ...(await inMid(stand, "create-backup", async () => await stand.servers.s3.refuseObjects(true))),
      await stand.job("create-backup"),
    ],
    ends: ["failed pgbackrest-39", "rejected storage-full"],
    remedy: /quota/,
    heal: async ({ servers }) => await servers.s3.refuseObjects(false),
    next: backUpAndRestoreLatest,
  },
];

/**
 * Those whose ends are not settled: whether the admin is told the cause of the first is chance, and the second was not seen to its
 * end.
 */
export const unsettledFaults: readonly Fault[] = [
  {
    name: "disk-full-in-restore",
    title: "The file system of the data directory is full in the middle of a restore",
    inject: async (stand) => await inMid(stand, "restore", async () => await fillDisk(stand, true)),
    ends: ["failed pgbackrest-64"],
    remedy: /free space/,
    heal: async (stand) => await fillDisk(stand, false),
    next: restoreFirstBackup,
  },
  {
    name: "etcd-down-in-backup",
    title: "etcd is stopped in the middle of a backup, so that Patroni demotes the primary",
    inject: async (stand) =>
      await inMid(stand, "create-backup", async () => {
        await stand.servers.etcd.stop();
        await stand.demoted();
      }),
    ends: ["failed pgbackrest-57"],
    heal: async ({ servers }) => await servers.etcd.start(),
  },
];

/** Kills the server, and lets it come back while those that work with it go on. */
async function restartS3({ servers }: FaultStand): Promise<void> {
  await servers.s3.stop();
  void sleep(outageMs)
    .then(async () => await servers.s3.start())
    .catch(() => undefined);
}

const outageMs = 3_000;

/** Requests a job, and does something while it copies and nothing of it moves. */
async function inMid(
  stand: FaultStand,
  what: "create-backup" | "restore",
  deed: () => Promise<void>,
): Promise<readonly Shown[]> {
  const job = await stand.request(what, what === "restore" ? { "backup-id": stand.firstBackup.id } : {});
  const processes = await freezeWhileCopying(stand.servers.directory);
  await deed();
  thaw(processes);
  return [withoutId(await stand.ended(job))];
}
