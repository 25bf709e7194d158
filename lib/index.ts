/**
 * What both sides of the interface share: jobs, their requests and reports, the executor port, errors.
 *
 * @module
 */
export {
  ConfigurationError,
  DatabaseBackupError,
  ExecutorError,
  HookToolError,
  isDatabaseBackupError,
  JournalError,
  RequestError,
  StorageError,
  type ErrorCode,
} from "./errors.ts";
export type {
  Executor,
  ExecutorEnvironment,
  ExecutorModule,
  JobContext,
  JobResult,
  Recovery,
  Standing,
} from "./executor.ts";
export type { Backup } from "./job/backup.ts";
export { compareReports, type UnitReport } from "./job/unit-report.ts";
export { isEnd, statusOf, type EndPhase, type JobStatus, type OpenPhase, type Phase } from "./job/phase.ts";
export type { Failure, JobReport, Progress, ReportedStorage } from "./job/report.ts";
export {
  backupTypes,
  type BackupRequest,
  type BackupType,
  type JobRequest,
  type JobType,
  type RestoreRequest,
} from "./job/request.ts";
export {
  Credentials,
  storageLocation,
  type IgnoredStorageFields,
  type StorageConfig,
  type StorageLocation,
} from "./job/storage-config.ts";
export type { ArtefactStore } from "./storage/artefact-store.ts";
