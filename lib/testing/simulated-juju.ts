/**
 * A Juju model on one machine, without Juju: runs charms under the rules that Juju sets them, as processes or in the
 * process of the test.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { ConfigurationError } from "../errors.ts";
import type { AgentLoop, HookRun } from "./agent/agent-loop.ts";
import type { ActionResult, ProcessEnd } from "./agent/operation.ts";
import { Agents } from "./agents.ts";
import type { CharmFunction } from "./in-process/in-process-runner.ts";
import type { SimulatedMachine } from "./in-process/simulated-machine.ts";
import { VirtualClock } from "./in-process/virtual-clock.ts";
import { readCharm, type ConfigValue } from "./model/charm-metadata.ts";
import { repeat, wallClock, type ModelClock } from "./model-clock.ts";
import { relationId } from "./model/relation-id.ts";
import { actionParameters } from "./model/declared-values.ts";
import type { LogLine } from "./log-line.ts";
import { ModelLog } from "./model-log.ts";
import { simulatedVersion } from "./model/juju-version.ts";
import { Model } from "./model/model.ts";
import { modelReport, type ModelReport } from "./model/model-status.ts";
import { refuseBusy, refuseHookErrors } from "./restlessness.ts";
import { ProcessHost } from "./processes/process-host.ts";
import { secretReports, type SecretReport } from "./model/secret-report.ts";
import type {
  DeployOptions,
  ExecOptions,
  RefreshOptions,
  SimulatedJujuOptions,
} from "./simulated-juju-options.ts";
import { Tasks, type StartedAction } from "./tasks.ts";

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
  readonly #clock: ModelClock;
  readonly #model: Model;
  readonly #host: ProcessHost;
  readonly #agents: Agents;
  readonly #charms = new Map<string, CharmFunction>();
  readonly #tasks = new Tasks();
  readonly #log: ModelLog;
  readonly #runs: HookRun[] = [];
  #fault: { readonly error: unknown } | undefined;
  #stopped: Promise<void> | undefined;
  readonly #callOffUpdateStatus: () => void;

  private constructor(
    options: SimulatedJujuOptions & { readonly version: string },
    modelUuid: string,
    host: ProcessHost,
  ) {
    this.#clock = options.clock ?? wallClock;
    this.#host = host;
    this.#log = new ModelLog(options.onLog);
    this.#model = new Model({
      name: options.modelName ?? "demo",
      uuid: modelUuid,
      version: options.version,
      now: () => this.#clock.now(),
      onChange: () => {
        this.#agents.wake();
        options.onChange?.();
      },
    });
    this.#agents = new Agents({
      model: this.#model,
      clock: this.#clock,
      host,
      log: (line) => this.#log.add({ time: this.#clock.now(), ...line }),
      leaderSelfChanged: options.leaderSelfChanged ?? true,
      hookRetryDelayMs: options.hookRetryDelayMs ?? 5_000,
      retryHooks: options.automaticallyRetryHooks ?? true,
      checkRelationEndpoint: options.checkRelationEndpoint ?? false,
      failHook: options.failHook ?? (() => undefined),
      charmFunction: (application) => this.#charms.get(application),
      onRun: (run) => this.#runs.push(run),
      onFault: (error) => {
        this.#fault ??= { error };
      },
    });
    this.#callOffUpdateStatus = repeat(this.#clock, options.updateStatusIntervalMs, () => {
      for (const loop of this.#agents.loops) loop.wantUpdateStatus();
    });
  }

  /** Starts a model without applications. */
  static async start(options: SimulatedJujuOptions = {}): Promise<SimulatedJuju> {
    const version = simulatedVersion(options.version);
    const modelUuid = randomUUID();
    const host = await ProcessHost.prepare({ ...options, modelUuid });
    return new SimulatedJuju({ ...options, version }, modelUuid, host);
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
    if (!Number.isInteger(units) || units < 0) {
      throw new ConfigurationError(`${units} is no number of units`, { remedy: "Pass 0, 1, 2 …" });
    }
    const charm = await readCharm(options.charm, inProcess === undefined);
    this.#model.addApplication(application, charm, config, options.reuseUnitNumbers);
    if (inProcess !== undefined) this.#charms.set(application, inProcess);
    for (let count = 0; count < units; count += 1) await this.addUnit(application);
  }

  /** Adds a unit to an application, and gives its name. */
  async addUnit(application: string): Promise<string> {
    const { name } = this.#model.addUnit(application);
    await this.#agents.start(name);
    return name;
  }

  /**
   * Gives an application another charm, which each unit then begins with `upgrade-charm`.
   *
   * @throws ConfigurationError where there is no charm, it lacks an endpoint that is related, or it would run in another
   * way than the one before.
   */
  async refresh({ application, charm, inProcess }: RefreshOptions): Promise<void> {
    const before = this.#charms.get(application);
    if (inProcess !== undefined && before === undefined) {
      throw new ConfigurationError(`The charm of "${application}" runs as processes`, {
        remedy: "Leave out inProcess, or deploy an application that runs in this process.",
      });
    }
    this.#model.refresh(application, await readCharm(charm, before === undefined));
    if (inProcess !== undefined) this.#charms.set(application, inProcess);
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
    this.#loop(unit).wantUpdateStatus();
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
    return await this.startAction(unit, action, parameters).result;
  }

  /**
   * Lets a unit run an action when its turn has come, without waiting for its end.
   *
   * @throws ConfigurationError where the charm declares no such action or parameter.
   */
  startAction(
    unit: string,
    action: string,
    parameters: Readonly<Record<string, unknown>> = {},
  ): StartedAction {
    const loop = this.#loop(unit);
    const { charm } = this.#model.application(this.#model.unit(unit).application);
    return this.#tasks.start(loop, action, actionParameters(charm, action, parameters));
  }

  /**
   * Calls off an action by the id of its task. One that waits never runs; of one that runs the dispatch is killed, and
   * nothing that it started.
   *
   * @throws ConfigurationError where no such action waits or runs.
   */
  async cancelTask(id: string): Promise<void> {
    this.#tasks.cancel(id);
  }

  /**
   * Runs a command in a context of a unit and waits for its end, as `juju exec` and `juju-exec` do. It waits its turn,
   * and runs on a unit in hook error too. Of a charm that runs in this process only the dispatch can be run:
   * `JUJU_DISPATCH_PATH=hooks/my-event $CHARM_DIR/dispatch`.
   */
  async exec(unit: string, commands: string, options: ExecOptions = {}): Promise<ProcessEnd> {
    return await this.#loop(unit).exec(commands, options);
  }

  /**
   * Kills a unit's agent and starts it anew: it forgets what it has read, and the commands of `juju-exec` that wait. A
   * hook that runs is killed too and runs again; an action that runs has failed.
   *
   * @param options `when: "unrecorded"` lets the hook that runs end first, and hand over its writes: the agent is killed
   * before it has written down that the hook is done, and so runs it again. Default: `now`.
   * @throws ConfigurationError where it is to be killed in a hook and runs none.
   */
  async restartAgent(unit: string, options: { readonly when?: "now" | "unrecorded" } = {}): Promise<void> {
    if (await this.#loop(unit).restart(options.when ?? "now")) return;
    throw new ConfigurationError(`Unit "${unit}" runs no hook`, {
      remedy: "Call this while a hook runs, for example from one that waits for the test.",
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
    refuseBusy(busy, timeoutMs);
    if (!allowErrors) refuseHookErrors(this.#agents.loops, this.#log);
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

  /** Leaves an application without a leader until {@link setLeader}, as after a crash until the lease has run out. */
  async removeLeader(application: string): Promise<void> {
    this.#model.removeLeader(application);
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
    return this.#log.all();
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
    this.#callOffUpdateStatus();
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
}
