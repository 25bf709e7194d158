/**
 * A model with the example backup manager and a database charm that does what the test says.
 *
 * @module
 */
import { join } from "node:path";
import { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import type { Script, ScriptedCall } from "../../lib/testing/scripted/scripted-executor.ts";
import type { ActionResult } from "../../lib/testing/agent/operation.ts";
import { markedKeys, type Keys } from "../canaries/credentials.ts";
import { scanModel, type PlainTextPlace } from "../canaries/model-scan.ts";
import { CanaryScan } from "../canaries/scan.ts";
import { ScriptDirectory } from "./script-directory.ts";
import { until } from "./until.ts";

export const manager = "backup-manager/0";
export const database = "database/0";

/** The keys of the storage, which are looked for wherever they must not be when the model is stopped. */
export const keys: Keys = markedKeys();

/** Gives the folder of a charm, by the one that the project has, what Node runs of it, and the folder of the test. */
export type CharmFolders = (charm: string, program: string, directory: string) => Promise<string>;

const isPlainText: PlainTextPlace = (owner, key) =>
  (owner === "backup-manager" && key === "jobs") || (owner === "s3-integrator" && key.endsWith("-key"));

const asTheyAre: CharmFolders = async (charm) => charm;

/** A backup manager that is not ours, and asks for what the test writes. */
export const foreignManager: CharmFolders = async (charm) =>
  charm === "examples/backup-manager-charm" ? "test/charms/silent-manager" : charm;

/** A running model. */
export class ScriptedModel {
  readonly juju: SimulatedJuju;
  readonly #scripts: ScriptDirectory;
  /** The id of the relation between the manager and the database. */
  readonly relation: number;
  readonly #results: ActionResult[] = [];

  private constructor(juju: SimulatedJuju, scripts: ScriptDirectory, relation: number) {
    this.juju = juju;
    this.#scripts = scripts;
    this.relation = relation;
  }

  /**
   * Starts a model whose executor lets every job succeed until it is told otherwise.
   *
   * @param units How many units the database has.
   * @param charms Makes the charms' folders. Default: those of the project.
   */
  static async start(units: number = 1, charms: CharmFolders = asTheyAre): Promise<ScriptedModel> {
    const scripts = await ScriptDirectory.make();
    const directory = scripts.path;
    const juju = await SimulatedJuju.start({ directory: join(directory, "juju"), hookRetryDelayMs: 100 });
    await juju.deploy({
      charm: await charms("test/charms/scripted-database", "charm.js", directory),
      application: "database",
      units,
      config: scripts.config,
    });
    await juju.deploy({
      charm: await charms("examples/backup-manager-charm", "dist/main.js", directory),
      application: "backup-manager",
    });
    await juju.deploy({
      charm: "examples/demo/s3-integrator",
      application: "s3-integrator",
      config: {
        bucket: "backups",
        path: "/database",
        endpoint: "https://s3.example",
        region: "local",
        "access-key": keys.accessKey,
        "secret-key": keys.secretKey,
      },
    });
    await juju.integrate("backup-manager:s3-parameters", "s3-integrator:s3-credentials");
    const relation = await juju.integrate("backup-manager:database-backup", "database:database-backup");
    await juju.settle();
    return new ScriptedModel(juju, scripts, relation);
  }

  /** Everything that the model writes. */
  get directory(): string {
    return this.#scripts.path;
  }

  /** Tells the executor what to do from now on. */
  async script(script: Script): Promise<void> {
    await this.#scripts.script(script);
  }

  /** Lets a job that waits for a file go on. */
  async release(name: string): Promise<void> {
    await this.#scripts.release(name);
  }

  /** Runs an action of the manager that must succeed. */
  async act(
    action: string,
    parameters: Record<string, unknown> = {},
  ): Promise<Readonly<Record<string, string>>> {
    const result = await this.tryAct(action, parameters);
    if (result.status !== "completed") throw new Error(`${action} ${result.status}: ${result.message}`);
    return result.results;
  }

  /** Runs an action of the manager that may fail. */
  async tryAct(action: string, parameters: Record<string, unknown> = {}): Promise<ActionResult> {
    const result = await this.juju.runAction(manager, action, parameters);
    this.#results.push(result);
    return result;
  }

  /** Requests a backup. */
  async requestBackup(parameters: Record<string, unknown> = {}): Promise<string> {
    return (await this.act("create-backup", parameters))["job-id"] ?? "";
  }

  /** What the manager says of a job, once it is in the phase. */
  async jobIn(id: string, phase: string): Promise<Readonly<Record<string, string>>> {
    return await until(`job ${id} is ${phase}`, async () => {
      const job = await this.act("show-job", { "job-id": id });
      return job["phase"] === phase ? job : undefined;
    });
  }

  /** What the executor was called for. */
  async calls(): Promise<readonly ScriptedCall[]> {
    return await this.#scripts.calls();
  }

  /** The reports in the database's unit databag. */
  reports(): readonly Record<string, unknown>[] {
    const { jobs } = this.juju.databag(this.relation, database);
    const reports: readonly Record<string, unknown>[] = jobs === undefined ? [] : JSON.parse(jobs);
    return reports;
  }

  /** Asks as a manager that is not ours: writes the value of `jobs` to the manager's application databag. */
  async writeJobs(jobs: unknown): Promise<void> {
    const text = typeof jobs === "string" ? jobs : JSON.stringify(jobs);
    await this.juju.writeDatabag(this.relation, "backup-manager", { jobs: text });
    await this.juju.settle();
  }

  /** What the database says it cannot use. */
  problems(): readonly { readonly field: string; readonly message: string; readonly remedy: string }[] {
    const { problems } = this.juju.databag(this.relation, "database");
    return problems === undefined ? [] : JSON.parse(problems);
  }

  /** The report of a job, once it is in the phase. */
  async reportIn(id: string, phase: string): Promise<Record<string, unknown>> {
    return await until(`job ${id} is reported as ${phase}`, () =>
      this.reports().find((report) => report["job-id"] === id && report["phase"] === phase),
    );
  }

  /** The database's unit status. */
  status(unit: string = database): { readonly name: string; readonly message: string } {
    const workload = this.juju.status().applications["database"]?.units[unit]?.workload;
    return { name: workload?.name ?? "", message: workload?.message ?? "" };
  }

  /** Looks for the keys wherever the model, its charms and its workers may have left them. */
  async scan(): Promise<CanaryScan> {
    const scan = new CanaryScan();
    scanModel(scan, this.juju, isPlainText);
    scan.value("results of actions", this.#results);
    await scan.files(this.directory);
    await scan.processes();
    return scan;
  }

  /**
   * Stops everything and removes what was written.
   *
   * @throws Error where the keys are found anywhere but where version 0 of the interfaces has them.
   */
  async stop(): Promise<void> {
    const { found } = await this.scan();
    await this.juju.stop();
    await this.#scripts.remove();
    if (found.length > 0) throw new Error(`Credentials were left behind:\n${found.join("\n")}`);
  }
}
