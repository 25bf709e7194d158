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
import type { MemoryDisk } from "./in-process/memory-disk.ts";
import type { SimulatedMachine } from "./in-process/simulated-machine.ts";
import { virtual, VirtualClock } from "./in-process/virtual-clock.ts";
import { readCharm } from "./model/charm-metadata.ts";
import { repeat, wallClock, type ModelClock } from "./model-clock.ts";
import { actionParameters } from "./model/declared-values.ts";
import type { LogLine } from "./log-line.ts";
import { ModelLog } from "./model-log.ts";
import { simulatedVersion } from "./model/juju-version.ts";
import { Model } from "./model/model.ts";
import { refuseBusy, refuseHookErrors } from "./restlessness.ts";
import { ProcessHost } from "./processes/process-host.ts";
import type {
  DeployOptions,
  ExecOptions,
  RefreshOptions,
  SettleOptions,
  SimulatedJujuOptions,
} from "./simulated-juju-options.ts";
import { SimulatedController } from "./simulated-controller.ts";
import { stepped, Stepper } from "./stepping/stepper.ts";
import type { Fault, Step } from "./stepping/step.ts";
import { Tasks, type StartedAction } from "./tasks.ts";

const defaultSettleMs = 60_000;

/**
 * A simulated Juju with one model.
 *
 * Agents act by themselves whenever there is something to do; {@link SimulatedJuju.settle} waits until they rest.
 *
 * @example
 * const juju = await SimulatedJuju.start();
 * await juju.deploy({ charm: "examples/postgresql-charm", application: "postgresql" }); await juju.settle();
 * console.log(juju.status().applications["postgresql"]?.status); await juju.stop();
 */
export class SimulatedJuju extends SimulatedController {
  readonly #clock: ModelClock;
  protected readonly model: Model;
  readonly #host: ProcessHost;
  readonly #agents: Agents;
  readonly #charms = new Map<string, CharmFunction>();
  readonly #tasks = new Tasks();
  readonly #log: ModelLog;
  readonly #runs: HookRun[] = [];
  #fault: { readonly error: unknown } | undefined;
  #stopped: Promise<void> | undefined;
  readonly #stepper: Stepper | undefined;
  readonly #callOffUpdateStatus: () => void;

  private constructor(
    options: SimulatedJujuOptions & { readonly version: string },
    modelUuid: string,
    host: ProcessHost,
  ) {
    super();
    this.#clock = options.clock ?? (options.stepByStep === true ? new VirtualClock() : wallClock);
    this.#host = host;
    this.#log = new ModelLog(options.onLog);
    this.model = new Model({
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
      model: this.model,
      clock: this.#clock,
      host,
      log: (line) => this.#log.add({ time: this.#clock.now(), ...line }),
      leaderSelfChanged: options.leaderSelfChanged ?? true,
      hookRetryDelayMs: options.hookRetryDelayMs ?? 5_000,
      retryHooks: options.automaticallyRetryHooks ?? true,
      checkRelationEndpoint: options.checkRelationEndpoint ?? false,
      isStepped: options.stepByStep ?? false,
      stepAt: options.stepAt,
      failHook: options.failHook ?? (() => undefined),
      charmFunction: (application) => this.#charms.get(application),
      onRun: (run) => this.#runs.push(run),
      onFault: (error) => {
        this.#fault ??= { error };
      },
    });
    const clock = this.#clock;
    if (options.stepByStep === true) {
      const steppedClock = virtual(clock);
      this.#stepper = new Stepper(() => ({ clock: steppedClock, ...this.#agents.inProcess }));
    }
    const wantUpdateStatus = (): void => {
      for (const loop of this.#agents.loops) loop.wantUpdateStatus();
    };
    this.#callOffUpdateStatus = repeat(
      clock,
      options.updateStatusIntervalMs,
      wantUpdateStatus,
      "update-status is wanted",
    );
  }

  /**
   * Starts a model without applications.
   *
   * @throws ConfigurationError where it is to go step by step by a clock other than a {@link VirtualClock}.
   */
  static async start(options: SimulatedJujuOptions = {}): Promise<SimulatedJuju> {
    const version = simulatedVersion(options.version);
    const modelUuid = randomUUID();
    const host = new ProcessHost({ ...options, modelUuid });
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

  /**
   * Deploys a charm from its folder. The first unit leads.
   *
   * @throws ConfigurationError where there is no charm, or it does not declare what the options say.
   */
  async deploy(options: DeployOptions): Promise<void> {
    const { application, units = 1, config = {}, inProcess } = options;
    if (inProcess === undefined && this.#stepper !== undefined) {
      throw new ConfigurationError(`The charm of "${application}" would run as processes`, {
        remedy: "Deploy it with inProcess: nothing else goes step by step.",
      });
    }
    if (!Number.isInteger(units) || units < 0) {
      throw new ConfigurationError(`${units} is no number of units`, { remedy: "Pass 0, 1, 2 …" });
    }
    const charm = await readCharm(options.charm, inProcess === undefined);
    this.model.addApplication(application, charm, config, options.reuseUnitNumbers);
    if (inProcess !== undefined) this.#charms.set(application, inProcess);
    for (let count = 0; count < units; count += 1) await this.addUnit(application);
  }

  /**
   * Adds a unit to an application, and gives its name.
   *
   * @param options `disk` is that of another machine, which a unit of a charm that runs in this process finds on its own,
   * as a new one on Kubernetes does that bears the name of an old one. Default: an empty one.
   */
  async addUnit(application: string, options: { readonly disk?: MemoryDisk } = {}): Promise<string> {
    const { name } = this.model.addUnit(application);
    await this.#agents.start(name, options.disk);
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
    this.model.refresh(application, await readCharm(charm, before === undefined));
    if (inProcess !== undefined) this.#charms.set(application, inProcess);
  }

  /**
   * Removes a unit. Its hooks have run when {@link settle} comes back.
   *
   * @param options `force: true` takes it out of the model at once, as when its machine is lost: no hook of it runs any
   * more, the one under way is killed, and the others see it depart. Its machine, with the workers on it, lives on
   * unnoticed, see {@link machine}. Default: false.
   */
  async removeUnit(unit: string, options: { readonly force?: boolean } = {}): Promise<void> {
    if (options.force !== true) return this.model.removeUnit(unit);
    this.model.unit(unit);
    await this.#agents.remove(unit);
    this.model.unitIsDead(unit);
  }

  /** Cuts a unit off, so that its agent begins nothing; with `held: false` it goes on. */
  async hold(unit: string, held: boolean = true): Promise<void> {
    this.#loop(unit).hold(held);
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
    const { charm } = this.model.application(this.model.unit(unit).application);
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
    const isRestarted = await this.#loop(unit).restart(options.when ?? "now");
    await this.#stepper?.quiet();
    if (isRestarted) return;
    throw new ConfigurationError(`Unit "${unit}" runs no hook`, {
      remedy: "Call this while a hook runs, for example from one that waits for the test.",
    });
  }

  /**
   * Starts the machine anew of a unit whose charm runs in this process: its agent, a hook under way and all workers are
   * killed, and the disk stays.
   *
   * @throws ConfigurationError for any other unit.
   */
  async restartMachine(unit: string): Promise<void> {
    this.machine(unit).restart();
    await this.restartAgent(unit);
  }

  /**
   * Lists what may happen next, in a model that was started with `stepByStep`: for each unit that its agent takes note of
   * something, begins its next operation, or that its running charm does its next thing or ends; for each worker its next
   * thing; timers that are due; and that time passes.
   *
   * @throws ConfigurationError in any other model.
   */
  async steps(): Promise<readonly Step[]> {
    return await stepped(this.#stepper).steps();
  }

  /**
   * Lets exactly one step happen, and waits until everything is quiet again.
   *
   * @param step One out of {@link steps}, or its name.
   * @param options `fault` is what goes wrong at it. Default: nothing.
   * @throws ConfigurationError in any other model, and where the step may not happen now, or has no such fault.
   */
  async take(step: Step | string, options: { readonly fault?: Fault } = {}): Promise<void> {
    await stepped(this.#stepper).take(step, options.fault);
    if (this.#fault !== undefined) throw this.#fault.error;
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
   * A model that goes step by step takes the first of its steps each time, until there is none left but that time passes.
   *
   * @throws SimulationError on a time-out, and where a unit is in hook error.
   */
  async settle(options: SettleOptions = {}): Promise<void> {
    const { timeoutMs = defaultSettleMs, allowErrors = false, isEnough } = options;
    await this.#stepper?.settle(timeoutMs, isEnough);
    if (isEnough?.() === true) return;
    const busy = await this.#agents.rest(this.#stepper === undefined ? timeoutMs : 0);
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
    const clock = virtual(this.#clock);
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
    this.model.unit(unit);
    const loop = this.#agents.loop(unit);
    if (loop !== undefined) return loop;
    throw new ConfigurationError(`Unit "${unit}" has no agent`, {
      remedy: "Await addUnit() or deploy() first.",
    });
  }
}
