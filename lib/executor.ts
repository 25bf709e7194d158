/**
 * The executor port: what the library asks of one database engine. Nothing in it knows which.
 *
 * An executor does not know Juju, relations or databags. It is made anew in each process that needs one, from the
 * module that the provider's options name, and keeps what must outlive a process in its work directory. A job that
 * fails is a result, not an exception; whatever an executor throws ends the job as failed all the same.
 *
 * @module
 */
import type { Backup } from "./job/backup.ts";
import type { Failure, Progress } from "./job/report.ts";
import type { BackupRequest, JobRequest, JobType, RestoreRequest } from "./job/request.ts";
import type { IgnoredStorageFields, StorageConfig } from "./job/storage-config.ts";
import type { ArtefactStore } from "./storage/artefact-store.ts";

/** What a unit says of itself. */
export type Standing =
  | {
      readonly ready: true;
      readonly role: "primary" | "replica";
      /** What is wrong although it takes jobs, in words for the admin: the unit is Blocked with it. Default: nothing is. */
      readonly problem?: string;
    }
  /** Not ready, and why, in words for the admin. */
  | { readonly ready: false; readonly reason: string };

/** Who a process is and where it may keep its files. */
export interface ExecutorEnvironment {
  /** For example `postgresql/0`. */
  readonly unit: string;
  readonly application: string;
  readonly modelUuid: string;
  /** A directory on local disk that outlives the process, for the executor alone. It exists. */
  readonly workDirectory: string;
}

/** What a running job is given. */
export interface JobContext {
  /** Aborted when the job shall stop. */
  readonly signal: AbortSignal;
  /** The number under which this unit runs the job; greater than that of every job before. */
  readonly fence: number;
  /** How many units the application is to have, this one included, when the job begins. */
  readonly plannedUnits: number;
  /** The store of the job's storage configuration. */
  readonly store: ArtefactStore;
  /** Says how far the job is. Cheap: call it as often as there is news. */
  progress(progress: Progress): void;
  /** Says that everything is copied, and that what makes the artefact usable is still being done. */
  finalizing(): void;
  /** Writes a line to the job's log, which is uploaded at the job's end. Never give it a secret. */
  log(line: string): void;
  /**
   * Says that from now on a cancel is refused, because stopping would do more harm than going on. To be waited for.
   *
   * @throws The signal's reason where the job was asked to stop before: then it stops.
   */
  pointOfNoReturn(): Promise<void>;
}

/** How a backup or a restore ended. */
export type JobResult =
  | {
      readonly succeeded: true;
      readonly backupId: string;
      readonly artefactPath: string;
      /** The folder for log and record, relative to the storage's path. */
      readonly recordFolder: string;
      readonly sizeBytes?: number;
      readonly timeline?: number;
      /** Something the admin should know although all is well. */
      readonly warning?: string;
    }
  | {
      readonly succeeded: false;
      readonly failure: Failure;
      /** The folder for log and record, relative to the storage's path. Default: one named after the job. */
      readonly recordFolder?: string;
    };

/** What became of a job whose worker died. */
export interface Recovery {
  /** A line for the admin: what was found and how it was left. */
  readonly message: string;
  /** How the job ended, where what its worker had begun went on and came to an end. Default: nobody knows. */
  readonly result?: JobResult;
}

/** Runs jobs for one database engine. */
export interface Executor {
  /**
   * The fields of a storage configuration that have no effect with this engine, each with why, as half a sentence. A job
   * that brings one is warned of it, in its log and beside its success. Default: none.
   */
  readonly ignoredStorageFields?: IgnoredStorageFields;

  /**
   * The roles in which a unit can take a job of a type, the best first. Default: a backup runs on any unit, on a replica
   * for choice; a restore on the primary.
   */
  readonly roles?: Readonly<Partial<Record<JobType, readonly ("primary" | "replica")[]>>>;

  /** Says whether this unit can take a job now. Cheap, because hooks ask it: at most a second. */
  standing(): Promise<Standing>;

  /** Whether two jobs may run at the same time. A restore excludes everything, whatever this says. */
  compatible(a: JobRequest, b: JobRequest): boolean;

  /** Looks for whatever would make the job fail, and changes nothing. A failure ends the job as rejected. */
  preflight(request: JobRequest, context: JobContext): Promise<Failure | undefined>;

  /** Makes a backup. */
  backup(request: BackupRequest, context: JobContext): Promise<JobResult>;

  /** Restores. A restore that fails leaves the database as it was before. */
  restore(request: RestoreRequest, context: JobContext): Promise<JobResult>;

  /** Lists the backups in a repository, oldest first. */
  list(storage: StorageConfig, signal: AbortSignal): Promise<readonly Backup[]>;

  /**
   * Whether a job still runs somewhere in the cluster, as far as this unit can see: asked before an admin may give up a
   * job whose unit is gone. Default: it does not.
   */
  lives?(request: JobRequest): Promise<boolean>;

  /**
   * Cleans up after a job whose worker died, so that the unit can take the next one. May be called again for the same
   * job, also when there is nothing to clean up.
   */
  recover(request: JobRequest, context: JobContext): Promise<Recovery>;
}

/** What an executor module exports: the maker of its executor, from the options given to the provider. */
export interface ExecutorModule<Options = unknown> {
  createExecutor(options: Options, environment: ExecutorEnvironment): Executor;
}
