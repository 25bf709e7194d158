/**
 * A report: what a provider's unit wrote for a job in its own unit databag.
 *
 * @module
 */
import type { Phase } from "./phase.ts";
import type { JobType } from "./request.ts";
import { withoutUser, type StorageConfig } from "./storage-config.ts";

/** Why something did not work, for programs and for people. Holds no secret. */
export interface Failure {
  /** Stable and lower-case with hyphens, for example `storage-bucket-missing` or `pgbackrest-50`. */
  readonly code: string;
  /** One line: what happened to what, and why. */
  readonly message: string;
  /** One line: what to do next. */
  readonly remedy: string;
}

/** How far a job has come. */
export interface Progress {
  /** From 0 to 100. */
  readonly percent: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
}

/** The storage a report names: the location of the request, without its keys. */
export interface ReportedStorage {
  readonly bucket: string;
  readonly path?: string;
  readonly endpoint?: string;
  readonly region?: string;
}

/** What a provider's unit wrote for a job. */
export interface JobReport {
  readonly id: string;
  readonly type: JobType;
  readonly storage: ReportedStorage;
  /** Absent where the request had none that could be read. */
  readonly compression?: boolean;
  readonly phase: Phase;
  /** A line for the admin: the cause of an end that is not a success, or a warning beside a success. */
  readonly message?: string;
  /** Where the artefact is, relative to the bucket. */
  readonly artefactPath?: string;
  readonly progress?: Progress;
  /** RFC 3339 in UTC. */
  readonly startedAt?: string;
  /** RFC 3339 in UTC. */
  readonly finishedAt?: string;
  readonly backupId?: string;
  /** What the backup takes up in storage, in bytes. */
  readonly sizeBytes?: number;
  /** Of a backup: the timeline it was made on. Of a restore: the timeline that it began. */
  readonly timeline?: number;
  /** Where the job's log is, relative to the bucket. */
  readonly logPath?: string;
  readonly errorCode?: string;
  readonly remedy?: string;
  /** The number under which the unit ran the job. */
  readonly fence?: number;
}

/** What a report may say of a request's storage. */
export function reportedStorage(storage: StorageConfig): ReportedStorage {
  const { bucket, path, endpoint, region } = storage;
  return {
    bucket,
    ...(path === undefined ? {} : { path }),
    ...(endpoint === undefined ? {} : { endpoint: withoutUser(endpoint) }),
    ...(region === undefined ? {} : { region }),
  };
}

/** What a report is and when, without whose: what a unit keeps of a job between two dispatches. */
export type JobProgress = Omit<JobReport, "id" | "type" | "storage" | "compression">;
