/**
 * The requirer: the backup manager's side of the interface.
 *
 * @module
 */
import { v7 as uuid } from "uuid";
import { RequestError } from "../lib/errors.ts";
import type { JobRequest, ScheduleSlot } from "../lib/job/request.ts";
import type { Dispatch } from "../lib/juju/dispatch.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Juju, UnitStatus } from "../lib/juju/juju.ts";
import type { Clock, Machine } from "../lib/machine/machine.ts";
import { nodeMachine } from "../lib/machine/node-machine.ts";
import { shownId } from "../lib/printable.ts";
import { chooseDatabase, type Database, type RelatedDatabase } from "./database.ts";
import { strayJobs } from "./history/job-book.ts";
import { hasEnded, type JobRecord } from "./history/job-record.ts";
import type { EndedFilter } from "./history/history.ts";
import type { BackupOptions, JobOptions, RestoreOptions } from "./job-options.ts";
import { backupRequest, restoreRequest, type RequestBaseline } from "./job-requests.ts";
import { keyTransportTo, type KeyTransport, type ListedDatabase } from "./key-transport.ts";
import type { ManagerEndpoints, ManagerView } from "./manager-databags.ts";
import { ManagerDispatch } from "./manager-dispatch.ts";
import type { ManagerDraft } from "./manager-draft.ts";
import {
  refuseInvalid,
  refuseOthersBackup,
  requireFeature,
  knownJob,
  requirePeers,
  requireRoom,
  requireTarget,
  unknownJob,
  usableStorage,
} from "./request-checks.ts";
import { withRetentionWarning } from "./retention.ts";
import { planOfRestore, type RestorePlan } from "./restore-plan.ts";
import type { PlannedSchedule, Schedule, ScheduleSettings } from "./schedules/schedule.ts";
import { askForDue, idOfSlot } from "./schedules/due-requests.ts";
import { requireRoomForSchedule, scheduleUnknown } from "./schedules/schedule-checks.ts";
import { summarise } from "./status.ts";
import { withStorageWarnings } from "./storage-warnings.ts";

/** What a requirer is made of. */
export interface RequirerOptions {
  readonly juju: Juju;
  /** The endpoint of the charm that has the interface `database_backup`. Default: `database-backup`. */
  readonly endpoint?: string;
  /** The endpoint of the charm that has the interface `s3`. Default: `s3-parameters`. */
  readonly storageEndpoint?: string;
  /**
   * The peer endpoint of the charm that keeps the history, and nothing else. Default: `database-backup-manager-peers`. A
   * charm without it has no history: jobs stay in the databags until they are withdrawn, and there are no schedules.
   */
  readonly peerEndpoint?: string;
  /**
   * How the keys of a storage travel to a database that takes Juju secrets: as one, or in plain text as to all others. Across
   * models only the side that offers the relation may grant a secret; a manager that consumes an offer sends plain text of its
   * own accord where Juju tells it of the other model, from 3.6.2 on. Default: `secret`.
   */
  readonly credentials?: "secret" | "plain";
  /** The machine that the unit runs on, for its clock. Default: the one that this process runs on. */
  readonly machine?: Pick<Machine, "clock">;
  /** Why the charm was dispatched. Default: nothing that matters here. */
  readonly event?: JujuEvent;
  /** Where to leave the check that the dispatch kept within the leader's time. Default: it is made before writing alone. */
  readonly atEnd?: Dispatch["atEnd"];
}

/**
 * Requests jobs with their storage configuration, relays their results, and keeps their history (database_backup, Requirer).
 *
 * The key `jobs` of the application's databag is the library's own, and the only place where requests are kept. A request
 * that a charm deletes there is withdrawn; one that a charm or another version of this library wrote, and that cannot be
 * read, stays as it is; what is no list of jobs is replaced by the next request. A request goes when the history has its end;
 * the last one of each relation stays without its keys.
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
  readonly #endpoints: ManagerEndpoints;
  readonly #usesSecrets: boolean;
  readonly #dispatch: ManagerDispatch;

  constructor(options: RequirerOptions) {
    const { juju } = options;
    this.#juju = juju;
    this.#clock = (options.machine ?? nodeMachine).clock;
    this.#usesSecrets = options.credentials !== "plain";
    this.#endpoints = {
      juju,
      event: options.event,
      endpoint: options.endpoint ?? "database-backup",
      storageEndpoint: options.storageEndpoint ?? "s3-parameters",
      peerEndpoint: options.peerEndpoint ?? "database-backup-manager-peers",
    };
    this.#dispatch = new ManagerDispatch(this.#endpoints, this.#clock, options.atEnd);
  }

  /**
   * Requests a backup.
   *
   * @returns The job's id.
   * @throws RequestError where it cannot be requested; nothing was written then.
   */
  async requestBackup(options: BackupOptions = {}): Promise<string> {
    return await this.#dispatch.whileLeading(
      async (draft) =>
        await this.#request(draft, uuid(), options, (base, database) =>
          backupRequest(base, database, options),
        ),
    );
  }

  /**
   * Requests a restore.
   *
   * @returns The job's id.
   * @throws RequestError where it cannot be requested; nothing was written then.
   */
  async requestRestore(options: RestoreOptions): Promise<string> {
    requireTarget(options);
    return await this.#dispatch.whileLeading(
      async (draft) =>
        await this.#request(draft, uuid(), options, (base, database) => {
          refuseOthersBackup(options.backupId, database, draft.history);
          return restoreRequest(base, database, options);
        }),
    );
  }

  /**
   * What a restore would do: from what to what, and what would be lost. Asks for nothing.
   *
   * @throws RequestError where it could not be requested.
   */
  async planRestore(options: RestoreOptions): Promise<RestorePlan> {
    requireTarget(options);
    const view = await this.#dispatch.view();
    const database = this.#choose(view, options.database);
    refuseOthersBackup(options.backupId, database, view.history);
    const storage = usableStorage(options.storage, view.storage, this.#endpoints);
    refuseInvalid(restoreRequest(this.#baseline(uuid(), storage, options), database, options));
    return planOfRestore(options, database, storage, view.history, this.#clock.now());
  }

  /**
   * Asks that a job be stopped, or not be started. The provider may refuse where stopping would do more harm.
   *
   * @throws RequestError `job-unknown`; `request-invalid` where it has ended; `feature-missing`.
   */
  async cancel(id: string): Promise<void> {
    await this.#dispatch.whileLeading(async (draft) => {
      const job = knownJob(draft.history.jobs, id);
      if (hasEnded(job)) {
        throw new RequestError("request-invalid", `Job ${shownId(id)} has ended: it is ${job.phase}.`, {
          remedy: "Look at it with show-job.",
        });
      }
      const database = draft.databases.find(({ relation }) => relation === job.relation);
      if (database === undefined) throw unknownJob(id);
      requireFeature(database, "cancel", "a cancel");
      draft.change(database.relation, (request) =>
        request.id === id ? { ...request, cancel: true } : request,
      );
      draft.history = draft.history.mapOpen((record) =>
        record.id === id ? { ...record, cancel: true } : record,
      );
    });
  }

  /** The related databases, with how keys travel to each. */
  async databases(): Promise<readonly ListedDatabase[]> {
    const view = await this.#dispatch.view();
    return await Promise.all(
      view.databases.map(async (database) => ({
        ...database,
        keys: await this.#keyTransport(view, database),
      })),
    );
  }

  /**
   * One related database.
   *
   * @throws RequestError `database-unknown` or `database-ambiguous`.
   */
  async database(name?: string): Promise<Database> {
    return this.#choose(await this.#dispatch.view(), name);
  }

  /** All jobs that are known, those of databases that are gone among them: the ended ones first, then the open ones. */
  async jobs(): Promise<readonly JobRecord[]> {
    const { history, databases, storage } = await this.#dispatch.view();
    // Of those that are not in the history nobody knows whose storage was meant.
    const known = withStorageWarnings(history.jobs, storage, this.#endpoints.storageEndpoint);
    return [...known, ...strayJobs(history, databases)];
  }

  /**
   * One job.
   *
   * @throws RequestError `job-unknown`.
   */
  async job(id: string): Promise<JobRecord> {
    return knownJob(await this.jobs(), id);
  }

  /** What is left of jobs that ended too long ago to be listed. */
  async summaries(): Promise<ManagerView["history"]["summaries"]> {
    return (await this.#dispatch.view()).history.summaries;
  }

  /**
   * Forgets ended jobs, and takes back what is left of their requests, so that the provider drops its reports
   * (database_backup, Requirer). Jobs that have not ended stay.
   *
   * @returns How many were forgotten, those that were only counted left out.
   */
  async clearHistory(filter: EndedFilter = {}): Promise<number> {
    return await this.#dispatch.whileLeading(async (draft) => {
      const before = draft.history.ended;
      draft.history = draft.history.cleared(filter);
      const kept = new Set(draft.history.ended);
      const cleared = before.filter((job) => !kept.has(job));
      for (const job of cleared) draft.withdraw(job);
      return cleared.length;
    });
  }

  /** The schedules, with their next times. */
  async schedules(): Promise<readonly PlannedSchedule[]> {
    const { schedules, databases } = await this.#dispatch.view();
    if (schedules.length === 0) return [];
    const { planned } = await import("./schedules/schedule-times.ts");
    return schedules.map((schedule) => withRetentionWarning(planned(schedule, this.#clock.now()), databases));
  }

  /**
   * Adds a schedule. As precise as the hooks of the manager: Juju sends `update-status` every five minutes.
   *
   * @throws ConfigurationError where it makes no sense. @throws RequestError where the database is unknown, or there are too
   * many schedules or one of this name.
   */
  async addSchedule(
    settings: Omit<ScheduleSettings, "database"> & Pick<JobOptions, "database">,
  ): Promise<PlannedSchedule> {
    const { newSchedule, planned } = await import("./schedules/schedule-times.ts");
    return await this.#dispatch.whileLeading(async (draft) => {
      requirePeers(draft.view, this.#endpoints.peerEndpoint);
      requireRoomForSchedule(draft.schedules, settings.name);
      const database = this.#choose(draft.view, settings.database);
      const named =
        settings.database === undefined || settings.database === ""
          ? database.application
          : settings.database;
      const schedule = newSchedule({ ...settings, database: named }, this.#clock.now());
      draft.schedules = [...draft.schedules, schedule];
      return withRetentionWarning(planned(schedule, this.#clock.now()), draft.databases);
    });
  }

  /** Removes a schedule. What it asked for goes on. @throws RequestError `schedule-unknown` */
  async removeSchedule(name: string): Promise<void> {
    await this.#changeSchedule(name, () => []);
  }

  /** Lets a schedule ask for nothing, or go on; what it missed in between is not made up for. @throws RequestError `schedule-unknown` */
  async pauseSchedule(name: string, isPaused: boolean): Promise<void> {
    await this.#changeSchedule(name, ({ paused: _paused, ...schedule }) => [
      { ...schedule, since: this.#clock.now().toISOString(), ...(isPaused ? { paused: true } : {}) },
    ]);
  }

  /**
   * Takes back the request of a job that has ended, so that the provider drops its report, and forgets the job.
   *
   * @throws RequestError `job-unknown`, or `request-invalid` where the job has not ended.
   */
  async withdraw(id: string): Promise<void> {
    await this.#dispatch.whileLeading(async (draft) => {
      const job = knownJob([...draft.history.jobs], id);
      if (!hasEnded(job)) {
        throw new RequestError("request-invalid", `Job ${shownId(id)} has not ended: it is ${job.phase}.`, {
          remedy: "Wait for its end.",
        });
      }
      draft.history = draft.history.without(job);
      draft.withdraw(job);
    });
  }

  /**
   * Brings everything up to date, in every dispatch: the history, the requests of jobs that have ended, the schedules.
   *
   * @returns The unit status that the library proposes: where jobs stand, in one line.
   */
  async reconcile(): Promise<UnitStatus> {
    const changed = await this.#dispatch.ifLeading(async (draft) => {
      const ask = async (schedule: Schedule, slot: string): Promise<void> =>
        await this.#askFor(draft, schedule, slot);
      const trouble = draft.view.peers === undefined ? [] : await askForDue(draft, this.#clock.now(), ask);
      return { draft, trouble };
    });
    const { storageEndpoint } = this.#endpoints;
    if (!changed.leads) return summarise(changed.view, [], storageEndpoint, this.#clock.now());
    // The draft has been settled since, and so knows which jobs are gone.
    const { draft, trouble } = changed.result;
    return summarise({ ...draft.view, history: draft.history }, trouble, storageEndpoint, this.#clock.now());
  }

  async #askFor(draft: ManagerDraft, schedule: Schedule, slot: string): Promise<void> {
    const options = { ...schedule, database: schedule.database, schedule: { name: schedule.name, slot } };
    const id = idOfSlot(this.#juju, schedule.name, slot);
    if (draft.history.jobs.some((job) => job.id === id)) return;
    await this.#request(draft, id, options, (base, database) => backupRequest(base, database, options));
  }

  async #request(
    draft: ManagerDraft,
    id: string,
    options: JobOptions & { readonly schedule?: ScheduleSlot },
    complete: (base: RequestBaseline, database: RelatedDatabase) => JobRequest,
  ): Promise<string> {
    const database = this.#choose(draft.view, options.database);
    requireRoom(draft.history);
    const storage = usableStorage(options.storage, draft.view.storage, this.#endpoints);
    const request = complete(this.#baseline(id, storage, options), database);
    refuseInvalid(request);
    const asSecret = (await this.#keyTransport(draft.view, database)) === "secret";
    await draft.ask(request, database, { asSecret, ownStorage: options.storage !== undefined });
    return id;
  }

  /** A secret that no peer databag names would outlive its job. */
  async #keyTransport({ peers }: ManagerView, database: RelatedDatabase): Promise<KeyTransport> {
    return this.#usesSecrets && peers !== undefined
      ? await keyTransportTo(this.#juju, database)
      : "plain text";
  }

  #baseline(id: string, storage: RequestBaseline["storage"], options: JobOptions): RequestBaseline {
    const requestedAt = this.#clock.now().toISOString();
    return { id, storage, compression: options.compression ?? true, requestedAt };
  }

  async #changeSchedule(name: string, change: (schedule: Schedule) => readonly Schedule[]): Promise<void> {
    await this.#dispatch.whileLeading(async (draft) => {
      if (!draft.schedules.some((schedule) => schedule.name === name))
        throw scheduleUnknown(name, draft.schedules);
      draft.schedules = draft.schedules.flatMap((schedule) =>
        schedule.name === name ? change(schedule) : [schedule],
      );
    });
  }

  #choose(view: ManagerView, name: string | undefined): RelatedDatabase {
    return chooseDatabase(view.databases, name, `${this.#juju.application}:${this.#endpoints.endpoint}`);
  }
}
