/**
 * A database of several units whose dispatches and workers are processes of their own.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { CanaryScan } from "../canaries/scan.ts";
import { RequestsModel } from "./requests-model.ts";
import { ScriptDirectory } from "./script-directory.ts";
import { until } from "./until.ts";

/** A running model. */
export class ProcessesModel extends RequestsModel {
  /** The scripted executor's. */
  readonly scripts: ScriptDirectory;

  private constructor(juju: SimulatedJuju, relations: ReadonlyMap<string, number>, scripts: ScriptDirectory) {
    super(juju, relations);
    this.scripts = scripts;
  }

  /** Starts a model in which every job succeeds until the test says otherwise. */
  static async start(managers: readonly string[] = ["manager"]): Promise<ProcessesModel> {
    const scripts = await ScriptDirectory.make();
    const juju = await SimulatedJuju.start({ directory: join(scripts.path, "juju"), hookRetryDelayMs: 100 });
    await juju.deploy({
      charm: "test/charms/scripted-database",
      application: "database",
      units: 3,
      config: scripts.config,
    });
    return new ProcessesModel(juju, await RequestsModel.relate(juju, managers), scripts);
  }

  /** The jobs that the executor began, in order. */
  async started(): Promise<readonly (string | undefined)[]> {
    return (await this.scripts.calls())
      .filter(({ call }) => call === "backup" || call === "restore")
      .map(({ job }) => job);
  }

  /** The jobs that the executor cleaned up after, in order. */
  async recovered(): Promise<readonly (string | undefined)[]> {
    return (await this.scripts.calls()).filter(({ call }) => call === "recover").map(({ job }) => job);
  }

  /** The unit that reports a job, once it is in the phase. Every unit is dispatched now and then, as Juju does. */
  async unitWith(id: string, phase: string, manager: string = "manager"): Promise<string> {
    return await until(`job ${id} of ${manager} is ${phase}`, async () => {
      const found = Object.entries(this.reports(id, manager)).find(([, report]) => report["phase"] === phase);
      if (found === undefined) await this.updateStatus();
      return found?.[0];
    });
  }

  /** The process that works on a unit's only open job. */
  async worker(unit: string): Promise<number> {
    const folder = join(this.scripts.path, "state", unit.replace("/", "-"), "workers");
    return await until(`${unit} has a worker`, async () => {
      const entries = await Promise.all(
        (await readdir(folder)).map(async (name): Promise<{ process?: { pid: number } }> =>
          JSON.parse(await readFile(join(folder, name), "utf8")),
        ),
      );
      return entries.map(({ process: worker }) => worker?.pid ?? 0).find((pid) => pid > 0 && isAlive(pid));
    });
  }

  /** @throws Error where the keys are found anywhere but in the managers' requests. */
  override async stop(): Promise<void> {
    const scan = new CanaryScan();
    await scan.files(this.scripts.path);
    await scan.processes();
    await super.stop();
    await this.scripts.remove();
    if (scan.found.length > 0) throw new Error(`Credentials were left behind:\n${scan.found.join("\n")}`);
  }

  /** A dispatch that the test killed is run again. */
  protected override async rest(): Promise<void> {
    await this.juju.settle({ allowErrors: true });
  }
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
