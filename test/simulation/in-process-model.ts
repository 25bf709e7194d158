/**
 * A model whose charms run in the process of the test, with time that only the test lets pass.
 *
 * @module
 */
import { charm as managerCharm } from "../../examples/backup-manager-charm/src/charm.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import {
  ScriptedDatabase,
  SimulatedJuju,
  VirtualClock,
  type ActionResult,
  type CharmFunction,
  type SimulatedMachine,
} from "../../lib/testing/index.ts";
import { Provider } from "../../provider/index.ts";
import { markedKeys, type Keys } from "../canaries/credentials.ts";
import { scanModel } from "../canaries/model-scan.ts";
import { CanaryScan } from "../canaries/scan.ts";

export const database = "database/0";
export const manager = "manager/0";
/** Where the database's unit keeps its record of jobs. */
export const stateDirectory = "/var/lib/database/database-0";

/** The keys of the storage, which are looked for wherever they must not be when the model is stopped. */
export const keys: Keys = markedKeys();

/** A request as any backup manager may write it. */
export function wireRequest(id: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    "job-id": id,
    "job-type": "backup",
    "job-config": { compression: true },
    "storage-interface": "s3",
    "storage-config": { bucket: "backups", "access-key": keys.accessKey, "secret-key": keys.secretKey },
    ...changes,
  };
}

/** A running model. */
export class InProcessModel {
  readonly clock: VirtualClock = new VirtualClock();
  readonly scripted: ScriptedDatabase = new ScriptedDatabase(this.clock);
  /** What the charms do in place of what they should. */
  readonly charms: { database: CharmFunction; manager: CharmFunction; storage: CharmFunction };
  #juju: SimulatedJuju | undefined;
  #relation = 0;
  readonly #results: ActionResult[] = [];

  private constructor() {
    this.charms = {
      database: async (dispatch) => await this.reconcile(dispatch),
      manager: managerCharm,
      storage: async () => undefined,
    };
  }

  /** Starts a model in which every job succeeds until the test says otherwise. */
  static async start(): Promise<InProcessModel> {
    const model = new InProcessModel();
    await model.#deploy();
    return model;
  }

  get juju(): SimulatedJuju {
    if (this.#juju === undefined) throw new Error("The model has not been started.");
    return this.#juju;
  }

  /** The id of the relation between the manager and the database. */
  get relation(): number {
    return this.#relation;
  }

  /** The machine of the database's unit. */
  get machine(): SimulatedMachine {
    return this.juju.machine(database);
  }

  /** The provider of one dispatch of the database's charm. */
  provider(dispatch: Dispatch): Provider {
    const { executor, store } = this.scripted;
    const noted = { ...store, module: new URL("noted-store.ts", import.meta.url).href };
    return new Provider({ ...dispatch, stateDirectory: "/var/lib/database", executor, store: noted });
  }

  /** What the database's charm does as it should. */
  async reconcile(dispatch: Dispatch): Promise<void> {
    const { status } = await this.provider(dispatch).reconcile();
    await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
  }

  /**
   * Asks as a manager that is not ours: writes the value of `jobs` to the manager's application databag, and lets ours do
   * nothing until everything has settled.
   */
  async writeJobs(jobs: unknown): Promise<void> {
    const ours = this.charms.manager;
    this.charms.manager = async () => {};
    const text = typeof jobs === "string" ? jobs : JSON.stringify(jobs);
    await this.juju.writeDatabag(this.relation, "manager", { jobs: text });
    await this.juju.settle();
    this.charms.manager = ours;
  }

  /** Dispatches the database's charm once more, and waits for what it starts. */
  async updateStatus(unit: string = database): Promise<void> {
    await this.juju.updateStatus(unit);
    await this.juju.settle();
  }

  /** The reports in the database's unit databag. */
  reports(): readonly Record<string, unknown>[] {
    const { jobs = "[]" } = this.juju.databag(this.relation, database);
    const reports: readonly Record<string, unknown>[] = JSON.parse(jobs);
    return reports;
  }

  /** The report of a job. */
  report(id: string): Record<string, unknown> | undefined {
    return this.reports().find((report) => report["job-id"] === id);
  }

  /** What the database says it cannot use. */
  problems(): readonly { readonly field: string; readonly message: string; readonly remedy: string }[] {
    const { problems = "[]" } = this.juju.databag(this.relation, "database");
    return JSON.parse(problems);
  }

  /** A unit's status. */
  status(unit: string = database): { readonly name: string; readonly message: string } {
    const application = unit.slice(0, unit.indexOf("/"));
    const workload = this.juju.status().applications[application]?.units[unit]?.workload;
    return { name: workload?.name ?? "", message: workload?.message ?? "" };
  }

  /** Runs an action of the manager. */
  async act(action: string, parameters: Record<string, unknown> = {}): Promise<ActionResult> {
    const result = await this.juju.runAction(manager, action, parameters);
    this.#results.push(result);
    await this.juju.settle();
    return result;
  }

  /** Requests a backup, and gives its id. */
  async requestBackup(): Promise<string> {
    return (await this.act("create-backup")).results["job-id"] ?? "";
  }

  /** Looks for the keys wherever the model and what its charms left on their machine may have them. */
  scan(): CanaryScan {
    const scan = new CanaryScan();
    scanModel(
      scan,
      this.juju,
      (owner, key) => (owner === "manager" && key === "jobs") || (owner === "s3" && key.endsWith("-key")),
    );
    scan.value("results of actions", this.#results);
    scan.value("calls of the executor", this.scripted.calls);
    for (const [path, text] of this.machine.disk.files()) scan.text(`file ${path}`, text);
    for (const [key, text] of this.scripted.objects) scan.text(`object ${key}`, text);
    return scan;
  }

  /** @throws Error where the keys are found anywhere but where version 0 of the interfaces has them. */
  async stop(): Promise<void> {
    const { found } = this.scan();
    await this.juju.stop();
    if (found.length > 0) throw new Error(`Credentials were left behind:\n${found.join("\n")}`);
  }

  async #deploy(): Promise<void> {
    const juju = await SimulatedJuju.start({ clock: this.clock });
    this.#juju = juju;
    const charms = "examples";
    await juju.deploy({
      application: "database",
      charm: `${charms}/postgresql-charm`,
      inProcess: async (dispatch) => await this.charms.database(dispatch),
    });
    await juju.deploy({
      application: "manager",
      charm: `${charms}/backup-manager-charm`,
      inProcess: async (dispatch) => await this.charms.manager(dispatch),
    });
    await juju.deploy({
      application: "s3",
      charm: `${charms}/demo/s3-integrator`,
      inProcess: async (dispatch) => await this.charms.storage(dispatch),
    });
    const storage = await juju.integrate("manager:s3-parameters", "s3:s3-credentials");
    await juju.writeDatabag(storage, "s3", {
      bucket: "backups",
      "access-key": "key",
      "secret-key": "secret",
    });
    this.#relation = await juju.integrate("manager:database-backup", "database:database-backup");
    await juju.settle();
  }
}
