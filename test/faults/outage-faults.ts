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
import { freezeFetchOfWal, freezeWhileCopying, thaw } from "./pgbackrest-at-work.ts";

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
    name: "s3-down-in-backup",
    title:
      "The S3 server is killed in the middle of a backup, and stays away for longer than the unit is told to wait",
    inject: async (stand) => await downInMid(stand, "create-backup"),
    ends: ["failed storage-unreachable"],
    heal: s3IsBack,
    next: backUpAndRestoreLatest,
  },
  {
    name: "s3-down-in-restore",
    title:
      "The S3 server is killed in the middle of a restore, and stays away for longer than the unit is told to wait",
    inject: async (stand) => await downInMid(stand, "restore"),
    ends: ["failed storage-unreachable"],
    heal: s3IsBack,
    next: restoreFirstBackup,
  },
  {
    name: "s3-down-in-replay",
    title: "The S3 server is killed while a restored database replays WAL, and stays away",
    inject: async (stand) => {
      await stand.configureDatabase({ "storage-outage-limit": 20 });
      await writeSegments(stand, 4);
      const job = await stand.request("restore", { "restore-to-time": "latest" });
      const fetching = await freezeFetchOfWal(stand.servers.directory, 3);
      await stand.servers.s3.stop();
      thaw(fetching);
      return [withoutId(await stand.ended(job))];
    },
    ends: ["failed storage-unreachable"],
    heal: s3IsBack,
    next: backUpAndRestoreLatest,
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
  {
    name: "disk-full-in-restore",
    title: "The file system of the data directory is full in the middle of a restore",
    inject: async (stand) => await inMid(stand, "restore", async () => await fillDisk(stand, true)),
    ends: ["failed disk-full"],
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
    ends: ["failed primary-demoted"],
    remedy: /Bring the DCS back/,
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

/** Writes rows to segments of WAL that no backup has. */
async function writeSegments(stand: FaultStand, segments: number): Promise<void> {
  for (let written = 0; written < segments; written += 1) {
    await stand.rows.write();
    await stand.sql("select pg_switch_wal()");
  }
}

/** Kills the server while a job copies, and has it stay away. */
async function downInMid(stand: FaultStand, what: "create-backup" | "restore"): Promise<readonly Shown[]> {
  await stand.configureDatabase({ "storage-outage-limit": 20 });
  return await inMid(stand, what, async () => await stand.servers.s3.stop());
}

async function s3IsBack(stand: FaultStand): Promise<void> {
  await stand.servers.s3.start();
  await stand.configureDatabase({ "storage-outage-limit": 300 });
}

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
