/**
 * Jobs that come while another one is at work.
 *
 * @module
 */
import { database, withoutId } from "./fault-stand.ts";
import type { Fault } from "./fault.ts";
import { freezeWhileCopying, thaw } from "./pgbackrest-at-work.ts";
import { restoreFirstBackup } from "./next-jobs.ts";

/** Jobs that come while another one is at work. */
export const concurrencyFaults: readonly Fault[] = [
  {
    name: "two-backups-at-once",
    title: "A manager requests a backup while one is made that the database's own action asked for",
    inject: async (stand) => {
      const first = await stand.request("create-backup", {}, database);
      const copying = await freezeWhileCopying(stand.servers.directory);
      const second = await stand.request("create-backup", { type: "incremental" });
      const waiting = await stand.waiting(second);
      thaw(copying);
      return [waiting, withoutId(await stand.ended(first)), withoutId(await stand.ended(second))];
    },
    ends: ["waiting", "succeeded", "succeeded"],
  },
  {
    name: "backup-while-restoring",
    title: "A backup is requested while a restore copies files",
    inject: async (stand) => {
      const restore = await stand.request("restore", { "backup-id": stand.firstBackup.id });
      const copying = await freezeWhileCopying(stand.servers.directory);
      const backup = await stand.request("create-backup");
      const waiting = await stand.waiting(backup);
      thaw(copying);
      const restored = withoutId(await stand.ended(restore));
      stand.rows.goBackTo(stand.firstBackup.rows);
      return [waiting, restored, withoutId(await stand.ended(backup))];
    },
    ends: ["waiting", "succeeded", "succeeded"],
  },
  {
    name: "restore-cancelled",
    title: "A restore is cancelled while it copies files",
    inject: async (stand) => {
      const restore = await stand.request("restore", { "backup-id": stand.firstBackup.id });
      const copying = await freezeWhileCopying(stand.servers.directory);
      await stand.cancel(restore);
      thaw(copying);
      return [withoutId(await stand.ended(restore))];
    },
    ends: ["cancelled cancelled"],
    next: restoreFirstBackup,
  },
];
