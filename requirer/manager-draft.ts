/**
 * What a dispatch of the leader is about to write: it begins as what it read, is changed, and is settled in the end.
 *
 * @module
 */
import type { JobRequest } from "../lib/job/request.ts";
import { Credentials } from "../lib/job/storage-config.ts";
import type { Juju } from "../lib/juju/juju.ts";
import type { RelatedDatabase } from "./database.ts";
import type { History } from "./history/history.ts";
import { dated, recordOf, standingRequests, withLost } from "./history/job-book.ts";
import type { JobRecord } from "./history/job-record.ts";
import type { ManagerEndpoints, ManagerRecord, ManagerView } from "./manager-databags.ts";
import type { Schedule } from "./schedules/schedule.ts";
import { StorageSecrets, withKeysOf } from "./storage-secrets.ts";

/** A draft. */
export class ManagerDraft {
  readonly view: ManagerView;
  history: History;
  schedules: readonly Schedule[];
  readonly #juju: Juju;
  readonly #secrets: StorageSecrets;
  readonly #databases: Map<string, RelatedDatabase>;

  constructor(juju: Juju, view: ManagerView) {
    this.#juju = juju;
    this.view = view;
    this.history = view.history;
    this.schedules = view.schedules;
    this.#secrets = new StorageSecrets(juju, view.secrets);
    this.#databases = new Map(view.databases.map((database) => [database.relation, database]));
  }

  /** The databases, with the requests as they are to stand. */
  get databases(): readonly RelatedDatabase[] {
    return [...this.#databases.values()];
  }

  /**
   * Adds a request.
   *
   * @param how Whether its keys travel as a Juju secret, and whether its storage is the caller's own.
   */
  async ask(
    request: JobRequest,
    { relation }: RelatedDatabase,
    { asSecret, ownStorage }: { readonly asSecret: boolean; readonly ownStorage: boolean },
  ): Promise<void> {
    const database = this.#databases.get(relation);
    if (database === undefined) return;
    const sent = asSecret
      ? {
          ...request,
          storage: { ...request.storage, credentials: new Credentials("", "") },
          secretExtra: await this.#secrets.provide(relation, request.storage),
        }
      : request;
    this.#databases.set(relation, { ...database, requests: [...database.requests, sent] });
    if (this.view.peers === undefined) return;
    const record = recordOf(request, database);
    this.history = this.history.with([ownStorage ? { ...record, ownStorage } : record]);
  }

  /** Changes requests of a relation. */
  change(relation: string, change: (request: JobRequest) => JobRequest): void {
    const database = this.#databases.get(relation);
    if (database !== undefined) {
      this.#databases.set(relation, { ...database, requests: database.requests.map(change) });
    }
  }

  /** Takes a job's request away. */
  withdraw({ relation, id }: JobRecord): void {
    const database = this.#databases.get(relation);
    if (database === undefined) return;
    this.#databases.set(relation, {
      ...database,
      requests: database.requests.filter((request) => request.id !== id),
      unread: database.unread.filter((item) => item["job-id"] !== id),
    });
  }

  /** What is to stand. */
  async settled(
    { endpoint, event }: Pick<ManagerEndpoints, "endpoint" | "event">,
    now: Date,
  ): Promise<ManagerRecord> {
    await this.#secrets.removeOld(event);
    await this.#loseWhatIsGone(endpoint, now);
    this.history = dated(this.view.kept, this.history, now.toISOString());
    await this.#renewKeys();
    const requests = new Map(
      this.databases.map((database) => {
        const { requests: asked, unread } = database;
        // Without a history nobody but the databag knows how a job ended.
        const standing =
          this.view.peers === undefined
            ? { requests: asked, unread }
            : standingRequests(this.history, database);
        return [database.relation, standing] as const;
      }),
    );
    const named = [...requests.values()].flatMap((standing) =>
      standing.requests.flatMap(({ secretExtra }) => secretExtra ?? []),
    );
    if (this.view.peers !== undefined) await this.#secrets.removeOthers(new Set(named));
    return { history: this.history, schedules: this.schedules, secrets: this.#secrets.known, requests };
  }

  async #loseWhatIsGone(endpoint: string, now: Date): Promise<void> {
    const { history, databases } = this;
    const related = new Set(databases.map(({ relation }) => relation));
    const isOrphaned = history.open.some(({ relation }) => !related.has(relation));
    // A leader that has not met a database yet does not see the relation either.
    const expected = isOrphaned ? (await this.#juju.goalState()).related[endpoint] : undefined;
    const isGone = ({ application }: JobRecord): boolean => expected?.includes(application) !== true;
    this.history = withLost(
      { history, databases, isLeader: true },
      isGone,
      this.#juju.unit,
      now.toISOString(),
    );
  }

  /** Keys may have been rotated since: a job begins with those that the storage has then. */
  async #renewKeys(): Promise<void> {
    const { storage } = this.view;
    if (!storage.complete) return;
    const started = new Set(
      this.history.open.filter(({ reports }) => reports.length > 0).map(({ id }) => id),
    );
    for (const { relation, requests } of this.databases) {
      this.change(relation, (request) =>
        started.has(request.id) ? request : withKeysOf(request, storage.storage),
      );
      await this.#secrets.renew(relation, requests, storage.storage);
    }
  }
}
