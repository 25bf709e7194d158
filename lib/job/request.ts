/**
 * A request: what the requirer wrote for a job in its application databag.
 *
 * @module
 */
import type { StorageConfig } from "./storage-config.ts";

/** The two types of job that the interface knows. */
export type JobType = "backup" | "restore";

/** How much a backup copies. */
export const backupTypes = ["full", "differential", "incremental"] as const;
/** How much a backup copies: everything, what changed since the last full one, or since the last one of any type. */
export type BackupType = (typeof backupTypes)[number];

/** What to keep when old backups are expired: so many full backups with all that builds on them, or those of so many days. */
export type Retention = { readonly full: number } | { readonly days: number };

/** The schedule that asked for a job, and for which of its times. */
export interface ScheduleSlot {
  readonly name: string;
  /** RFC 3339 in UTC where this library wrote it. */
  readonly slot: string;
}

/** What requests of both types have. */
export interface RequestBase {
  /** Unique among the jobs of its relation. */
  readonly id: string;
  readonly storage: StorageConfig;
  /** Whether artefacts are compressed (`job-config.compression`). */
  readonly compression: boolean;
  /** When the requirer asked, RFC 3339 in UTC. */
  readonly requestedAt?: string;
  /** The job must not begin after this, RFC 3339 in UTC. Default: it waits as long as it takes. */
  readonly startBefore?: string;
  /** The requirer does not want the job any more. Default: it does. */
  readonly cancel?: true;
  /** Default: every backup is kept. */
  readonly retention?: Retention;
  /** Default: an admin or a charm asked for the job. */
  readonly schedule?: ScheduleSlot;
  /**
   * The URI of the Juju secret that holds the keys of the storage, whose own credentials are empty then. Default: they
   * travel in the request.
   */
  readonly secretExtra?: string;
}

/** A request for a backup. */
export interface BackupRequest extends RequestBase {
  readonly type: "backup";
  readonly backupType: BackupType;
}

/** A request for a restore. It names an artefact, a time, or both. */
export interface RestoreRequest extends RequestBase {
  readonly type: "restore";
  /** The artefact path that a backup reported, or the backup's id alone. */
  readonly artefactPath?: string;
  /** The moment to go back to: RFC 3339 with an offset, or `latest`. */
  readonly restoreToTime?: string;
  /** The timeline to follow to that moment. Default: the one that held at that moment. */
  readonly restoreTimeline?: number;
  /** The data that the restore replaces need not be kept. Default: it is kept until the restore has proved itself. */
  readonly discardOldData?: true;
}

/** What the requirer wrote for a job. */
export type JobRequest = BackupRequest | RestoreRequest;
