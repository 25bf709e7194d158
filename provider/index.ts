/**
 * The provider side, for database charms.
 *
 * @module
 */
export type {
  Executor,
  ExecutorEnvironment,
  ExecutorModule,
  JobContext,
  JobResult,
  Recovery,
  Standing,
} from "../lib/executor.ts";
export { ExecutorError } from "../lib/errors.ts";
export type { Backup } from "../lib/job/backup.ts";
export type { Failure, Progress } from "../lib/job/report.ts";
export type { BackupRequest, BackupType, JobRequest, RestoreRequest } from "../lib/job/request.ts";
export type { IgnoredStorageFields } from "../lib/job/storage-config.ts";
export { requiredStorage, usableStorageOf, type StorageUser } from "../lib/storage/required-storage.ts";
export { readS3Storage, requestS3Secrets, type RelatedStorage } from "../lib/storage/s3-relation.ts";
export type { AskedJob, EndReport, Grant } from "./coordination/peer-records.ts";
export type { GrantRelease } from "./grant-release.ts";
export type { OwnJob } from "./own-job.ts";
export { providerActions } from "./provider-actions.ts";
export { Provider, type ProviderOptions, type ProviderOutcome } from "./provider.ts";
