/**
 * Restores of what is damaged, out of reach, or somebody else's.
 *
 * @module
 */
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  DeleteObjectCommand,
} from "@aws-sdk/client-s3";
import { bucket } from "../../examples/demo/model.ts";
import type { RowsAtAMoment } from "./acknowledged-rows.ts";
import type { Fault, Shown } from "./fault.ts";
import type { FaultStand } from "./fault-stand.ts";
import { backUpAndRestoreIt } from "./next-jobs.ts";

/** Restores that cannot succeed. */
export const restoreFaults: readonly Fault[] = [
  {
    name: "backup-incomplete",
    title: "A file of the backup is missing in the bucket",
    inject: async (stand) => await restoreDamaged(stand, "missing"),
    ends: ["rejected restore-backup-damaged"],
    remedy: /make a full one now/,
    next: backUpAndRestoreIt,
  },
  {
    name: "backup-corrupted",
    title: "A file of the backup has other bytes than it had, in the same number",
    inject: async (stand) => await restoreDamaged(stand, "corrupted"),
    ends: ["failed pgbackrest-29"],
    remedy: /make a full one now/,
    next: backUpAndRestoreIt,
  },
  unreachableTarget(),
];

/** A time beyond the end of a timeline that was left, and then the one that the remedy names. */
function unreachableTarget(): Fault {
  let left: { readonly timeline: number; readonly rows: RowsAtAMoment } | undefined;
  return {
    name: "target-unreachable",
    title: "The wanted time is later than the last transaction of the timeline that is named",
    inject: async (stand) => {
      await stand.rows.end();
      left = { timeline: await stand.timeline(), rows: stand.rows.now() };
      const restored = await stand.job("restore", { "restore-to-time": "latest" });
      if (restored.end !== "succeeded") return [restored];
      await stand.rows.write();
      const now = await stand.sql(
        `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
      );
      const target = { "restore-to-time": now, "restore-timeline": left.timeline };
      return [await stand.job("restore", target)];
    },
    ends: ["failed restore-target-unreachable"],
    remedy: /Give a restore-to-time before \S+Z,/,
    next: async (stand, shown) => {
      const time = /before (\S+Z),/.exec(shown.at(-1)?.remedy ?? "")?.[1] ?? "";
      const target = {
        "restore-to-time": new Date(Date.parse(time) - 1).toISOString(),
        "restore-timeline": left?.timeline ?? 0,
      };
      const restored = await stand.job("restore", target);
      if (left !== undefined) stand.rows.goBackTo(left.rows);
      return [restored];
    },
  };
}

/** Makes a full backup, damages it in the bucket, and has it restored. */
async function restoreDamaged(stand: FaultStand, how: "missing" | "corrupted"): Promise<readonly Shown[]> {
  const { backupId } = await stand.ended(await stand.request("create-backup"));
  const client = stand.servers.s3.client();
  try {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `demo/backup/postgresql/${backupId}/` }),
    );
    const found = Contents.filter(({ Key = "" }) => !/manifest/.test(Key)).toSorted(
      (a, b) => (b.Size ?? 0) - (a.Size ?? 0),
    )[0];
    if (found?.Key === undefined) throw new Error(`The backup ${backupId} has no files.`);
    const object = { Bucket: bucket, Key: found.Key };
    if (how === "missing") await client.send(new DeleteObjectCommand(object));
    else {
      const bytes = await (await client.send(new GetObjectCommand(object))).Body?.transformToByteArray();
      const changed = Buffer.from(bytes ?? []).map((byte, at) => (at < 1024 ? byte : byte ^ 0x55));
      await client.send(new PutObjectCommand({ ...object, Body: changed }));
    }
  } finally {
    client.destroy();
  }
  return [await stand.job("restore", { "backup-id": backupId })];
}
