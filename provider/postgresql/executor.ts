/**
 * The PostgreSQL executor: one cluster of one unit, under Patroni, backed up by pgBackRest.
 *
 * @module
 */
import type { Backup } from "../../lib/job/backup.ts";
import type { Executor, JobContext, JobResult, Recovery, Standing } from "../../lib/executor.ts";
import type { Failure } from "../../lib/job/report.ts";
import type { BackupRequest, JobRequest, RestoreRequest } from "../../lib/job/request.ts";
import type { IgnoredStorageFields, StorageConfig } from "../../lib/job/storage-config.ts";
import { makeBackup } from "./backup.ts";
import { listBackups } from "./list.ts";
import type { Settings } from "./options.ts";
import { assemble, type Parts } from "./parts.ts";
import { memberState } from "./patroni/patroni.ts";
import { preflight } from "./preflight.ts";
import { recoverFrom } from "./recover.ts";
import { restoreBackup } from "./restore.ts";
import { readDiscarded } from "./restore/restore-journal.ts";
import { ignoredByPgBackRest } from "./checks/storage-check.ts";
import { discardedFailure } from "./checks/unfinished-restore.ts";

const standingTimeoutMs = 900;

/** Runs jobs for PostgreSQL. */
export class PostgresqlExecutor implements Executor {
  readonly ignoredStorageFields: IgnoredStorageFields = ignoredByPgBackRest;
  readonly #settings: Settings;
  #parts: Promise<Parts> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async standing(): Promise<Standing> {
    // Without a database there is nothing to ask, and a restore is the way to one.
    const discarded = await readDiscarded(this.#settings);
    if (discarded !== undefined) {
      const { message, remedy } = discardedFailure(discarded.jobId);
      return { ready: true, role: "primary", problem: `${message} ${remedy}` };
    }
    const member = await memberState(this.#settings.patroni.restUrl, standingTimeoutMs);
    if (member === undefined) return { ready: false, reason: "Patroni does not answer" };
    if (member.state !== "running" && member.state !== "streaming")
      return { ready: false, reason: `PostgreSQL is not running: Patroni says "${member.state}"` };
    if (!member.isPrimary)
      return { ready: false, reason: "PostgreSQL is a replica here, or has no leader yet" };
    if (!member.locked) return { ready: false, reason: "the cluster has no leader" };
    return { ready: true, role: "primary" };
  }

  /** A backup holds pgBackRest's lock of the stanza, so no two jobs run together. */
  compatible(_a: JobRequest, _b: JobRequest): boolean {
    return false;
  }

  async preflight(request: JobRequest, context: JobContext): Promise<Failure | undefined> {
    return preflight(() => this.#assemble(), request, context);
  }

  async backup(request: BackupRequest, context: JobContext): Promise<JobResult> {
    return makeBackup(await this.#assemble(), request, context);
  }

  async restore(request: RestoreRequest, context: JobContext): Promise<JobResult> {
    return restoreBackup(await this.#assemble(), request, context);
  }

  async list(storage: StorageConfig, signal: AbortSignal): Promise<readonly Backup[]> {
    return listBackups(await this.#assemble(), storage, signal);
  }

  async recover(_request: JobRequest, context: JobContext): Promise<Recovery> {
    return recoverFrom(await this.#assemble(), context);
  }

  #assemble(): Promise<Parts> {
    this.#parts ??= assemble(this.#settings);
    return this.#parts;
  }
}
