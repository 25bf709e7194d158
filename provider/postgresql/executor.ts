/**
 * The PostgreSQL executor: one cluster under Patroni, a member on each unit, backed up by pgBackRest.
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
import { preflight } from "./preflight.ts";
import { recoverFrom } from "./recover.ts";
import { restoreBackup } from "./restore.ts";
import { gatherStandingFacts } from "./standing-facts.ts";
import { decideStanding } from "./checks/standing.ts";
import { ignoredByPgBackRest } from "./checks/storage-check.ts";

/** Runs jobs for PostgreSQL. */
export class PostgresqlExecutor implements Executor {
  readonly ignoredStorageFields: IgnoredStorageFields = ignoredByPgBackRest;
  readonly #settings: Settings;
  #parts: Promise<Parts> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async standing(): Promise<Standing> {
    return decideStanding(await gatherStandingFacts(await this.#assemble()));
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
