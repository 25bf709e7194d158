/**
 * The requirer: the backup manager's side of the interface.
 *
 * @module
 */
import { v7 as uuid } from "uuid";
import { RequestError } from "../lib/errors.ts";
import type { Job } from "../lib/job/job.ts";
import { isEnd } from "../lib/job/phase.ts";
import type { BackupRequest, BackupType, JobRequest, RestoreRequest } from "../lib/job/request.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import type { Juju, UnitStatus } from "../lib/juju/juju.ts";
import type { Clock, Machine } from "../lib/machine/machine.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { shownId } from "../lib/printable.ts";
import { Turns } from "../lib/turns.ts";
import { decodeRequests, encodeRequests, unreadRequests } from "../lib/wire/requests.ts";
import { readS3Storage, type RelatedStorage } from "../lib/storage/s3-relation.ts";
import { chooseDatabase, readDatabases, type Database } from "./database.ts";
import { summarise } from "./status.ts";

/** What a requirer is made of. */
export interface RequirerOptions {
  readonly juju: Juju;
  /** The endpoint of the charm that has the interface `database_backup`. Default: `database-backup`. */
  readonly endpoint?: string;
  /** The endpoint of the charm that has the interface `s3`. Default: `s3-parameters`. */
  readonly storageEndpoint?: string;
  /** The machine that the unit runs on, for its clock. Default: the one that this process runs on. */
  readonly machine?: Pick<Machine, "clock">;
}

/** What requests of both types may say. */
export interface JobOptions {
  /** The application, or the relation id where one application is related twice. Default: the only one related. */
  readonly database?: string | undefined;
  /** Whether artefacts are compressed. Default: true. */
  readonly compression?: boolean | undefined;
  /** Where artefacts are kept. Default: what the storage endpoint says. */
  readonly storage?: StorageConfig | undefined;
}

/** What a request for a backup may say. */
export interface BackupOptions extends JobOptions {
  /** Default: full. */
  readonly backupType?: BackupType | undefined;
}

/** What a request for a restore says: a backup, a time, or both. */
export interface RestoreOptions extends JobOptions {
  /** A backup's id or its artefact path. */
  readonly backupId?: string | undefined;
  /** The moment to go back to: RFC 3339 with an offset, or `latest`. */
  readonly restoreToTime?: string | undefined;
  /** The timeline to follow to that moment. Default: the one that held then. */
  readonly restoreTimeline?: number | undefined;
}

/** Juju promises leadership for 30 s; what is written later than this could overwrite what another leader wrote. */
const leadershipMarginS = 10;

/**
 * Requests jobs with their storage configuration and relays their results (database_backup, Requirer).
 *
 * The key `jobs` of the application's databag is the library's own, and the only place where requests are kept. A request
 * that a charm deletes there is withdrawn; one that a charm or another version of this library wrote, and that cannot be
 * read, stays as it is; what is no list of jobs is replaced by the next request.
 *
 * @example
 * ```ts
 * const requirer = new Requirer({ juju: new HookTools() });
 * const id = await requirer.requestBackup({ backupType: "full" });
 * ```
 */
export class Requirer {
  readonly #juju: Juju;
  readonly #clock: Clock;
  readonly #endpoint: string;
  readonly #storageEndpoint: string;
  readonly #turns = new Turns();

  constructor(options: RequirerOptions) {
    this.#juju = options.juju;
    this.#clock = (options.machine ?? nodeMachine).clock;
    this.#endpoint = options.endpoint ?? "database-backup";
    this.#storageEndpoint = options.storageEndpoint ?? "s3-parameters";
  }

  /**
   * Requests a backup.
   *
   * @returns The job's id.
   * @throws RequestError where it cannot be requested; nothing was written then.
   */
  async requestBackup(options: BackupOptions = {}): Promise<string> {
    return await this.#request(options, (base, database) => {
      const backupType = options.backupType ?? "full";
      if (backupType !== "full") requireFeature(database, "backup-type", `a ${backupType} backup`);
      return { ...base, type: "backup", backupType } satisfies BackupRequest;
    });
  }

  /**
   * Requests a restore.
   *
   * @returns The job's id.
   * @throws RequestError where it cannot be requested; nothing was written then.
   */
  async requestRestore(options: RestoreOptions): Promise<string> {
    return await this.#request(options, (base, database) => {
      const { backupId, restoreToTime, restoreTimeline } = options;
      if (restoreToTime !== undefined || restoreTimeline !== undefined) {
        requireFeature(database, "restore-to-time", "a restore to a time");
      }
      return {
        ...base,
        type: "restore",
        ...(backupId === undefined ? {} : { artefactPath: backupId }),
        ...(restoreToTime === undefined ? {} : { restoreToTime }),
        ...(restoreTimeline === undefined ? {} : { restoreTimeline }),
      } satisfies RestoreRequest;
    });
  }

  /** The related databases, with their jobs and backups. */
  async databases(): Promise<readonly Database[]> {
    return await readDatabases(this.#juju, this.#endpoint, this.#juju.isLeader());
  }

  /**
   * One related database.
   *
   * @throws RequestError `database-unknown` or `database-ambiguous`.
   */
  async database(name?: string): Promise<Database> {
    return this.#choose(await this.databases(), name);
  }

  /** All jobs of all related databases. */
  async jobs(): Promise<readonly Job[]> {
    return (await this.databases()).flatMap((database) => database.jobs);
  }

  /**
   * One job.
   *
   * @throws RequestError `job-unknown`.
   */
  async job(id: string): Promise<Job> {
    const job = (await this.jobs()).find((candidate) => candidate.id === id);
    if (job === undefined) throw unknownJob(id);
    return job;
  }

  /**
   * Takes back the request of a job that has ended, so that the provider drops its report.
   *
   * @throws RequestError `job-unknown`, or `request-invalid` where the job has not ended.
   */
  async withdraw(id: string): Promise<void> {
    await this.#whileLeading(async (write) => {
      const databases = await readDatabases(this.#juju, this.#endpoint, Promise.resolve(true));
      const database = databases.find(({ requests }) => requests.some((request) => request.id === id));
      const job = database?.jobs.find((candidate) => candidate.id === id);
      if (database === undefined || job === undefined) throw unknownJob(id);
      if (!isEnd(job.phase)) {
        throw new RequestError("request-invalid", `Job ${shownId(id)} has not ended: it is ${job.phase}.`, {
          remedy: "Wait for its end.",
        });
      }
      await write(
        database,
        database.requests.filter((request) => request.id !== id),
      );
    });
  }

  /** Sums up in one line where jobs stand: the unit status that the library proposes. */
  async reconcile(): Promise<UnitStatus> {
    const [databases, storage] = await Promise.all([
      this.databases(),
      readS3Storage(this.#juju, this.#storageEndpoint),
    ]);
    return summarise(databases, storage, this.#storageEndpoint);
  }

  async #request(
    options: JobOptions,
    complete: (
      base: Pick<JobRequest, "id" | "storage" | "compression" | "requestedAt">,
      database: Database,
    ) => JobRequest,
  ): Promise<string> {
    return await this.#whileLeading(async (write) => {
      const [databases, related] = await Promise.all([
        readDatabases(this.#juju, this.#endpoint, Promise.resolve(true)),
        options.storage === undefined
          ? readS3Storage(this.#juju, this.#storageEndpoint)
          : { complete: true as const, storage: options.storage, problems: [] },
      ]);
      const database = this.#choose(databases, options.database);
      const base = {
        id: uuid(),
        storage: this.#storageOf(related),
        compression: options.compression ?? true,
        requestedAt: this.#clock.now().toISOString(),
      };
      const request = complete(base, database);
      refuseInvalid(request);
      await write(database, [...database.requests, request]);
      return request.id;
    });
  }

  #choose(databases: readonly Database[], name: string | undefined): Database {
    return chooseDatabase(databases, name, `${this.#juju.application}:${this.#endpoint}`);
  }

  #storageOf(storage: RelatedStorage): StorageConfig {
    if (storage.complete) {
      const [problem] = storage.problems;
      if (problem === undefined) return storage.storage;
      // Without the field the job might go to another server than the admin means.
      const message = `The storage related as ${this.#storageEndpoint} cannot be used: ${problem.message}`;
      throw new RequestError("request-invalid", message, { remedy: problem.remedy });
    }
    const missing = storage.missing.join(", ");
    throw new RequestError(
      "storage-missing",
      storage.related
        ? `The storage related as ${this.#storageEndpoint} does not say everything: ${missing} missing.`
        : `No storage is related to this backup manager.`,
      {
        remedy: storage.related
          ? "Configure it on the storage's application."
          : `Relate one: juju integrate ${this.#juju.application}:${this.#storageEndpoint} <s3 application>.`,
      },
    );
  }

  async #whileLeading<Result>(
    action: (
      write: (database: Database, requests: readonly JobRequest[]) => Promise<void>,
    ) => Promise<Result>,
  ): Promise<Result> {
    return await this.#turns.take(async () => await this.#whileLeadingAlone(action));
  }

  async #whileLeadingAlone<Result>(
    action: (
      write: (database: Database, requests: readonly JobRequest[]) => Promise<void>,
    ) => Promise<Result>,
  ): Promise<Result> {
    // Suspended machines count too, so this is the machine's own clock since its start.
    const asked = this.#clock.uptime();
    if (!(await this.#juju.isLeader())) {
      throw new RequestError("not-leader", `${this.#juju.unit} does not lead, so it cannot write requests.`, {
        remedy: `Run it on the leader: juju run ${this.#juju.application}/leader ….`,
      });
    }
    return await action(async (database, requests) => {
      if (this.#clock.uptime() - asked > leadershipMarginS) {
        throw new RequestError(
          "not-leader",
          "Reading the relations took so long that leadership may be over.",
          {
            remedy: "Run it again.",
            retryable: true,
          },
        );
      }
      const own = await this.#juju.readApplicationDatabag(database.relation, this.#juju.application);
      const unread = unreadRequests(own, database.requests);
      const jobs = requests.length + unread.length === 0 ? "" : encodeRequests(requests, unread);
      await this.#juju.writeApplicationDatabag(database.relation, { jobs });
    });
  }
}

/** What this side's own codec would refuse is not written in the first place. */
function refuseInvalid(request: JobRequest): void {
  const [rejected] = decodeRequests({ jobs: encodeRequests([request]) }).rejected;
  if (rejected === undefined) return;
  const { message, remedy } = rejected.failure;
  throw new RequestError("request-invalid", message, { remedy });
}

function requireFeature(database: Database, feature: string, what: string): void {
  if (database.features.has(feature)) return;
  throw new RequestError(
    "feature-missing",
    `${database.application} does not say that it can do ${what} (feature ${feature}), and might ignore it.`,
    { remedy: "Wait until it is ready if it was related a moment ago, or refresh its charm." },
  );
}

function unknownJob(id: string): RequestError {
  return new RequestError("job-unknown", `There is no job ${shownId(id)}.`, {
    remedy: "Look for it with list-jobs.",
  });
}
