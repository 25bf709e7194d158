/**
 * The requirer side, for backup-manager charms.
 *
 * @module
 */
export type { Backup } from "../lib/job/backup.ts";
export type { Job, UnitReport } from "../lib/job/job.ts";
export { backupTypes, type BackupType } from "../lib/job/request.ts";
export { Credentials, type StorageConfig } from "../lib/job/storage-config.ts";
export type { Database } from "./database.ts";
export {
  Requirer,
  type BackupOptions,
  type JobOptions,
  type RequirerOptions,
  type RestoreOptions,
} from "./requirer.ts";
export { backupsTable, describeJob, jobsTable } from "./tables.ts";
