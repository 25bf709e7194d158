/**
 * The requirer side, for backup-manager charms.
 *
 * @module
 */
export type { Backup } from "../lib/job/backup.ts";
export { backupTypes, type BackupType, type Retention, type ScheduleSlot } from "../lib/job/request.ts";
export { Credentials, type StorageConfig } from "../lib/job/storage-config.ts";
export type { QueuedJob } from "../lib/job/waiting-job.ts";
export type { Database } from "./database.ts";
export type { EndedSummary } from "./history/ended-summary.ts";
export { maxEndedJobs, maxOpenJobs, type EndedFilter } from "./history/history.ts";
export { maxHistoryBytes } from "./history/history-databag.ts";
export type { AskedFor, JobRecord, RecordedReport } from "./history/job-record.ts";
export type { KeyTransport, ListedDatabase } from "./key-transport.ts";
export type { BackupOptions, JobOptions, RestoreOptions } from "./job-options.ts";
export { managerActions } from "./manager-actions.ts";
export { describeJob } from "./job-story.ts";
export { Requirer, type RequirerOptions } from "./requirer.ts";
export type { RestorePlan } from "./restore-plan.ts";
export type { TableOptions } from "./shown-rows.ts";
export {
  maxSchedules,
  type PlannedSchedule,
  type Schedule,
  type ScheduleSettings,
} from "./schedules/schedule.ts";
export { backupsOfHistory, backupsTable, databasesTable, jobsTable, schedulesTable } from "./tables.ts";
