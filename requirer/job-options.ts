/**
 * What callers ask for.
 *
 * @module
 */
import type { BackupType, Retention } from "../lib/job/request.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";

/** What requests of both types may say. */
export interface JobOptions {
  /** The application, or the relation id where one application is related twice. Default: the only one related. */
  readonly database?: string | undefined;
  /** Whether artefacts are compressed. Default: true. */
  readonly compression?: boolean | undefined;
  /** Where artefacts are kept. Default: what the storage endpoint says. */
  readonly storage?: StorageConfig | undefined;
  /** The job must not begin after this, RFC 3339 in UTC. Default: it waits as long as it takes. */
  readonly startBefore?: string | undefined;
}

/** What a request for a backup may say. */
export interface BackupOptions extends JobOptions {
  /** Default: full. */
  readonly backupType?: BackupType | undefined;
  /** What to keep when old backups are expired. Default: everything. */
  readonly retention?: Retention | undefined;
}

/** What a request for a restore says: a backup, a time, or both. */
export interface RestoreOptions extends JobOptions {
  /** A backup's id or its artefact path. */
  readonly backupId?: string | undefined;
  /** The moment to go back to: RFC 3339 with an offset, or `latest`. */
  readonly restoreToTime?: string | undefined;
  /** The timeline to follow to that moment. Default: the one that held then. */
  readonly restoreTimeline?: number | undefined;
  /** The data that is replaced need not be kept. Default: it is, until the restore has proved itself. */
  readonly discardOldData?: boolean | undefined;
}
