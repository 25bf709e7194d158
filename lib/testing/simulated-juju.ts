/**
 * A Juju model on one machine, without Juju: runs charms under the rules that Juju sets them, as processes or in the
 * process of the test.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { ConfigurationError } from "../errors.ts";
import type { AgentLoop, HookRun } from "./agent/agent-loop.ts";
import type { ActionResult } from "./agent/operation.ts";
import { Agents } from "./agents.ts";
import type { CharmFunction } from "./in-process/in-process-runner.ts";
import type { SimulatedMachine } from "./in-process/simulated-machine.ts";
import { VirtualClock } from "./in-process/virtual-clock.ts";
import { readCharm, type ConfigValue } from "./model/charm-metadata.ts";
import { wallClock, type ModelClock } from "./model-clock.ts";
import { actionParameters } from "./model/declared-values.ts";
import type { LogLine } from "./log-line.ts";
import { Model } from "./model/model.ts";
import { modelReport, type ModelReport } from "./model/model-status.ts";
import { ProcessHost } from "./processes/process-host.ts";
import { secretReports, type SecretReport } from "./model/secret-report.ts";
import type { DeployOptions, SimulatedJujuOptions } from "./simulated-juju-options.ts";
import { SimulationError } from "./simulation-error.ts";

const keptLogLines = 100_000;
const defaultSettleMs = 60_000;

/**
 * A simulated Juju with one model.
 *
 * Agents act by themselves whenever there is something to do; {@link SimulatedJuju.settle} waits until they rest.
 *
 * @example
 * const juju = await SimulatedJuju.start();
 * await juju.deploy({ charm: "examples/postgresql-charm", application: "postgresql" });
 * await juju.settle();
 * console.log(juju.status().applications["postgresql"]?.status);
 * await juju.stop();
 */
export class SimulatedJuju {
  readonly #options: SimulatedJujuOptions;
  readonly #clock: ModelClock;
  readonly #model: Model;
  readonly #host: ProcessHost;
  readonly #agents: Agents;
  readonly #charms = new Map<string, CharmFunction>();
  readonly #log: LogLine[] = [];
  readonly #runs: HookRun[] = [];
  #nextTask = 1;
  #fault: { readonly error: unknown } | undefined;
  #stopped: Promise<void> | undefined;
  #callOffUpdateStatus: (() => void) | undefined;

  private constructor(options: SimulatedJujuOptions, modelUuid: string, host: ProcessHost) {
    this.#options = options;
    this.#clock = options.clock ?? wallClock;
    this.#host = host;
    this.#model = new Model({
      name: options.modelName ?? "demo",
      uuid: modelUuid,
      version: options.version ?? "3.6.11",
      now: () => this.#clock.now(),
      onChange: () => this.#agents.wake(),
    });
    this.#agents = new Agents({
      model: this.#model,
      clock: this.#clock,
      host,
      log: (line) => this.#addLogLine({ time: this.#clock.now(), ...line }),
      leaderSelfChanged: options.leaderSelfChanged ?? true,
      hookRetryDelayMs: options.hookRetryDelayMs ?? 5_000,
      onRun: (run) => this.#runs.push(run),
      onFault: (error) => {
        this.#fault ??= { error };
      },
    });
  }

  /** Starts a model without applications. */
  static async start(options: SimulatedJujuOptions = {}): Promise<SimulatedJuju> {
    const { directory, extraPath } = options;
    const modelUuid = randomUUID();
    const host = await ProcessHost.prepare({ directory, extraPath, modelUuid });
    const juju = new SimulatedJuju(options, modelUuid, host);
    juju.#scheduleUpdateStatus();
    return juju;
  }

  /** Everything that is written lies here. */
  get directory(): string {
    return this.#host.directory;
  }

  /** Where the agents' sockets lie. */
  get socketDirectory(): string {
    return this.#host.socketDirectory;
  }

  /** The model's UUID, which every process of a charm has in its environment as `JUJU_MODEL_UUID`. */
  get modelUuid(): string {
    return this.#model.uuid;
  }

  /**
   * Deploys a charm from its folder. The first unit leads.
   *
   * @throws ConfigurationError where there is no charm, or it does not declare what the options say.
   */
  async deploy(options: DeployOptions): Promise<void> {
    const { application, units = 1, config = {}, inProcess } = options;
    const charm = await readCharm(options.charm, inProcess === undefined);
    this.#model.addApplication(application, charm, config);
    if (inProcess !== undefined) this.#charms.set(application, inProcess);
    for (let count = 0; count < units; count += 1) await this.addUnit(application);
  }

  /** Adds a unit to an application, and gives its name. */
  async addUnit(application: string): Promise<string> {
    const { charm } = this.#model.application(application);
    const { name } = this.#model.addUnit(application);
    await this.#agents.start(name, charm.directory, this.#charms.get(application));
    return name;
  }

  /**
   * Relates two endpoints, each written as `application:endpoint`, and gives the id of the relation.
   *
   * @throws ConfigurationError where there is no such endpoint, or interfaces or roles do not match.
   */
  async integrate(first: string, second: string): Promise<number> {
    return this.#model.integrate(first, second).id;
  }

  /** Removes the relation between two endpoints. Its hooks have run when {@link settle} comes back. */
  async removeRelation(first: string, second: string): Promise<void> {
    this.#model.removeRelation(first, second);
  }

  /** Removes a unit. Its hooks have run when {@link settle} comes back. */
  async removeUnit(unit: string): Promise<void> {
    this.#model.removeUnit(unit);
  }

  /** Removes an application with its units and relations. */
  async removeApplication(application: string): Promise<void> {
    this.#model.removeApplication(application);
  }

  /** Sets configuration; `undefined` resets an option. Setting what is set already changes nothing. */
  async configure(
    application: string,
    changes: Readonly<Record<string, ConfigValue | undefined>>,
  ): Promise<void> {
    this.#model.configure(application, changes);
  }

  /** Fires `update-status` on a unit when it has nothing else to do. */
  async updateStatus(unit: string): Promise<void> {
    this.#wantUpdateStatus(this.#loop(unit));
  }

  /**
   * Runs an action and waits for its end. It waits its turn, and runs on a unit in hook error too.
   *
   * @throws ConfigurationError where the charm declares no such action or parameter.
   */
  async runAction(
    unit: string,
    action: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): Promise<ActionResult> {
    const loop = this.#loop(unit);
    const { charm } = this.#model.application(this.#model.unit(unit).application);
    const complete = actionParameters(charm, action, parameters);
    return new Promise((finished) => {
      const id = String(this.#nextTask++);
      loop.agent.addAction({
        id,
        uuid: randomUUID(),
        name: action,
        parameters: complete,
        log: [],
        finished,
      });
      loop.wake();
    });
  }

  /**
   * Lets a unit in hook error go on at once.
   *
   * @param options `retry: false` counts the hook as done without having run. Default: it runs again.
   */
  async resolve(unit: string, options: { readonly retry?: boolean } = {}): Promise<void> {
    const loop = this.#loop(unit);
    if (!loop.agent.resolve(options.retry ?? true)) {
      throw new ConfigurationError(`Unit "${unit}" is not in hook error`, { remedy: "Call settle() first." });
    }
    loop.wake();
  }

  /**
   * Waits until no agent has anything to do: no hook, no action, no command of `juju-exec`. What a charm does in a
   * process that it left behind is not waited for, unless it runs in this process: then it is done but for what waits for
   * the clock or for the test.
   *
   * @param options `timeoutMs` defaults to 60,000; `allowErrors` lets units be in hook error. Default: false.
   * @throws SimulationError on a time-out, and where a unit is in hook error.
   */
  async settle(options: { readonly timeoutMs?: number; readonly allowErrors?: boolean } = {}): Promise<void> {
    const { timeoutMs = defaultSettleMs, allowErrors = false } = options;
    const busy = await this.#agents.rest(timeoutMs);
    if (this.#fault !== undefined) throw this.#fault.error;
    if (busy.length > 0) {
      const who = busy.map(({ agent, doing }) => `${agent.unit}: ${doing}`).join(", ");
      throw new SimulationError(`The model did not come to rest within ${timeoutMs} ms (${who})`, {
        remedy: "Look at log() and hooksRun() for hooks that hang or cause each other for ever.",
        retryable: true,
      });
    }
    if (!allowErrors) this.#refuseHookErrors();
  }

  /**
   * Lets time pass, with all that falls due meanwhile: retries of failed hooks, `update-status`, whatever waits.
   *
   * @throws ConfigurationError where the model was started without a {@link VirtualClock}.
   */
  async advance(ms: number): Promise<void> {
    const clock = this.#clock;
    if (!(clock instanceof VirtualClock)) {
      throw new ConfigurationError("The time of this model is that of the clock on the wall", {
        remedy: "Start the model with clock: new VirtualClock().",
      });
    }
    const end = new Date(clock.now().getTime() + ms);
    await this.settle({ allowErrors: true });
    while (clock.step(end)) await this.settle({ allowErrors: true });
    clock.moveTo(end);
  }

  /**
   * The machine of a unit whose charm runs in this process: to look at its disk, to end its processes, to start it anew.
   * It outlives its unit, with all that was left running there.
   *
   * @throws ConfigurationError for any other unit: the machine of those whose charm runs as processes is this one.
   */
  machine(unit: string): SimulatedMachine {
    const machine = this.#agents.machine(unit);
    if (machine !== undefined) return machine;
    throw new ConfigurationError(`Unit "${unit}" has no machine of its own`, {
      remedy: "Deploy its charm with inProcess.",
    });
  }

  /** The state of the model, as `juju status` shows it. */
  status(): ModelReport {
    return modelReport(this.#model);
  }

  /** The leader of an application; nothing where it has none. */
  leader(application: string): string | undefined {
    return this.#model.application(application).leader;
  }

  /** Makes another unit the leader. Nobody tells the old one. */
  async setLeader(unit: string): Promise<void> {
    this.#model.setLeader(unit);
  }

  /**
   * Looks into a databag.
   *
   * @param relation The relation's id: `3` or `database-backup:3`.
   * @param owner A unit or an application.
   */
  databag(relation: number | string, owner: string): Record<string, string> {
    return { ...this.#model.relation(relationId(relation)).bag(owner).map };
  }

  /** Writes to a databag from outside any hook, as a foreign charm would have. The empty string deletes a key. */
  async writeDatabag(
    relation: number | string,
    owner: string,
    changes: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.#model.writeDatabag(relationId(relation), owner, changes);
  }

  /** The secrets of all charms with their content, oldest first. */
  secrets(): readonly SecretReport[] {
    return secretReports(this.#model.secrets);
  }

  /** The log, oldest line first; of a very long one the end. */
  log(): readonly LogLine[] {
    return [...this.#log];
  }

  /** The hooks, actions and commands that have run, failed ones too, in the order of their ends. */
  hooksRun(): readonly HookRun[] {
    return [...this.#runs];
  }

  /** Ends everything: kills what runs and what charms left behind, and removes what was written for the time being. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#callOffUpdateStatus?.();
    this.#host.shut();
    await this.#agents.stop();
    await this.#host.close();
  }

  #loop(unit: string): AgentLoop {
    this.#model.unit(unit);
    const loop = this.#agents.loop(unit);
    if (loop !== undefined) return loop;
    throw new ConfigurationError(`Unit "${unit}" has no agent`, {
      remedy: "Await addUnit() or deploy() first.",
    });
  }

  #wantUpdateStatus(loop: AgentLoop): void {
    loop.agent.wantUpdateStatus();
    loop.wake();
  }

  #addLogLine(line: LogLine): void {
    this.#log.push(line);
    if (this.#log.length > 2 * keptLogLines) this.#log.splice(0, this.#log.length - keptLogLines);
    this.#options.onLog?.(line);
  }

  #refuseHookErrors(): void {
    const inError = this.#agents.loops.map(({ agent }) => agent).filter(({ failedHook }) => failedHook);
    if (inError.length === 0) return;
    const said = inError.map(({ unit, failedHook }) => {
      const last = this.#log.filter((line) => line.unit === unit && line.level === "WARNING").slice(-15);
      return [
        `${unit} is in hook error: ${failedHook ?? ""}`,
        ...last.map(({ message }) => `  ${message}`),
      ].join("\n");
    });
    throw new SimulationError(said.join("\n"), {
      remedy: "Correct the charm, or pass allowErrors: true where the test wants the error.",
    });
  }

  #scheduleUpdateStatus(): void {
    const interval = this.#options.updateStatusIntervalMs;
    if (interval === undefined) return;
    this.#callOffUpdateStatus = this.#clock.schedule(interval, () => {
      for (const loop of this.#agents.loops) this.#wantUpdateStatus(loop);
      this.#scheduleUpdateStatus();
    });
  }
}

function relationId(relation: number | string): number {
  if (typeof relation === "number") return relation;
  const id = Number(relation.slice(relation.lastIndexOf(":") + 1));
  if (Number.isInteger(id)) return id;
  throw new ConfigurationError(`"${relation}" is no relation id`, {
    remedy: "Write 3 or database-backup:3.",
  });
}
