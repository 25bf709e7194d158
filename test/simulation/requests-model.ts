/**
 * A database and managers that are databags which the test writes.
 */
import type { SimulatedJuju } from "../../lib/testing/index.ts";
import { markedKeys, type Keys } from "../canaries/credentials.ts";

/** The keys of the storage. */
export const keys: Keys = markedKeys();

/** A running model whose database is the application `database`. */
export class RequestsModel {
  readonly juju: SimulatedJuju;
  /** The ids of the relations, by manager. */
  readonly relations: ReadonlyMap<string, number>;
  readonly #storage: Readonly<Record<string, unknown>>;
  readonly #requests = new Map<string, Map<string, Record<string, unknown>>>();

  /** @param storage The configuration of the storage, as requests bear it. Default: of one that is none. */
  protected constructor(
    juju: SimulatedJuju,
    relations: ReadonlyMap<string, number>,
    storage: Readonly<Record<string, unknown>> = {
      bucket: "backups",
      "access-key": keys.accessKey,
      "secret-key": keys.secretKey,
    },
  ) {
    this.juju = juju;
    this.relations = relations;
    this.#storage = storage;
  }

  /** Deploys managers that do nothing by themselves, and relates them to the database. */
  protected static async relate(
    juju: SimulatedJuju,
    managers: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    const relations = new Map<string, number>();
    for (const manager of managers) {
      await juju.deploy({
        application: manager,
        charm: "examples/backup-manager-charm",
        inProcess: async () => undefined,
      });
      relations.set(manager, await juju.integrate(`${manager}:database-backup`, "database:database-backup"));
    }
    await juju.settle();
    return relations;
  }

  /** Requests a job as a manager, or changes what was requested. */
  async request(
    id: string,
    fields: Record<string, unknown> = {},
    manager: string = "manager",
  ): Promise<void> {
    const requests = this.#requestsOf(manager);
    requests.set(id, { ...this.#wireRequest(id), ...requests.get(id), ...fields });
    await this.#write(manager);
  }

  /** Takes a request back. */
  async withdraw(id: string, manager: string = "manager"): Promise<void> {
    this.#requestsOf(manager).delete(id);
    await this.#write(manager);
  }

  /** What the units report of a job, by unit. */
  reports(id: string, manager: string = "manager"): Readonly<Record<string, Record<string, unknown>>> {
    const found: Record<string, Record<string, unknown>> = {};
    const relation = this.relations.get(manager) ?? 0;
    for (const unit of this.units) {
      const { jobs = "[]" } = this.juju.databag(relation, unit);
      const reports: readonly Record<string, unknown>[] = JSON.parse(jobs);
      const report = reports.find((each) => each["job-id"] === id);
      if (report !== undefined) found[unit] = report;
    }
    return found;
  }

  /** The phases that are reported of a job. */
  phases(id: string, manager: string = "manager"): readonly unknown[] {
    return Object.values(this.reports(id, manager)).map(({ phase }) => phase);
  }

  /** What waits, as the provider tells a manager. */
  queue(manager: string = "manager"): readonly Record<string, unknown>[] {
    const { queue = "[]" } = this.juju.databag(this.relations.get(manager) ?? 0, "database");
    return JSON.parse(queue);
  }

  /** The unit that leads. */
  get leader(): string {
    return this.juju.leader("database") ?? "";
  }

  /** A unit's status. */
  status(unit: string): { readonly name: string; readonly message: string } {
    const { name = "", message = "" } =
      this.juju.status().applications["database"]?.units[unit]?.workload ?? {};
    return { name, message };
  }

  /** The units that there are. */
  get units(): readonly string[] {
    return Object.keys(this.juju.status().applications["database"]?.units ?? {});
  }

  /** What the leader wrote for its peers, but for the done records. */
  grants(): readonly string[] {
    return Object.keys(this.peerDatabag("database")).filter((key) => key.startsWith("grant-"));
  }

  /** A databag of the peer relation. */
  peerDatabag(owner: string): Record<string, string> {
    return this.juju.databag(this.juju.peerRelation("database", "database-backup-peers"), owner);
  }

  /** Dispatches every unit's charm once more. */
  async updateStatus(): Promise<void> {
    for (const unit of this.units) await this.juju.updateStatus(unit);
    await this.rest();
  }

  async stop(): Promise<void> {
    await this.juju.stop();
  }

  /** Waits until there is nothing left to do. A hook that fails is an error. */
  protected async rest(): Promise<void> {
    await this.juju.settle();
  }

  #requestsOf(manager: string): Map<string, Record<string, unknown>> {
    const requests = this.#requests.get(manager) ?? new Map<string, Record<string, unknown>>();
    this.#requests.set(manager, requests);
    return requests;
  }

  async #write(manager: string): Promise<void> {
    const jobs = JSON.stringify([...this.#requestsOf(manager).values()]);
    await this.juju.writeDatabag(this.relations.get(manager) ?? 0, manager, { jobs });
    await this.rest();
  }

  #wireRequest(id: string): Record<string, unknown> {
    return {
      "job-id": id,
      "job-type": "backup",
      "job-config": { compression: true },
      "storage-interface": "s3",
      "storage-config": this.#storage,
    };
  }
}
