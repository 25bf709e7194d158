/**
 * What has to succeed after a fault.
 *
 * @module
 */
import type { Fault, Shown, Stand } from "./fault.ts";

type NextJobs = NonNullable<Fault["next"]>;

/** A backup. */
export async function backUp(stand: Stand): Promise<readonly Shown[]> {
  return [await stand.job("create-backup", { type: "differential" })];
}

/** A restore of the backup that was there before any fault. */
export const restoreFirstBackup: NextJobs = async (stand) => {
  const restored = await stand.job("restore", { "backup-id": stand.firstBackup.id });
  stand.rows.goBackTo(stand.firstBackup.rows);
  return [restored];
};

/** A backup, and a restore of everything up to the present: that proves that no WAL was lost. */
export const backUpAndRestoreLatest: NextJobs = async (stand) => {
  const backup = await stand.job("create-backup", { type: "differential" });
  await stand.rows.write();
  return [backup, await stand.job("restore", { "restore-to-time": "latest" })];
};

/** A full backup, and its restore. */
export const backUpAndRestoreIt: NextJobs = async (stand) => {
  const backup = await stand.ended(await stand.request("create-backup"));
  const shown: Shown = backup;
  return [shown, await stand.job("restore", { "backup-id": backup.backupId })];
};
