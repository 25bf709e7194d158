/**
 * The agents of a simulated Juju's units, each with what it runs its charm on.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { AgentLoop, type AgentLoopOptions, type HookRun } from "./agent/agent-loop.ts";
import { readJujuExec } from "./in-process/juju-exec-arguments.ts";
import { InProcessRunner, type CharmFunction } from "./in-process/in-process-runner.ts";
import type { MemoryDisk } from "./in-process/memory-disk.ts";
import { SimulatedMachine } from "./in-process/simulated-machine.ts";
import { VirtualClock } from "./in-process/virtual-clock.ts";
import type { Log } from "./log-line.ts";
import type { Model } from "./model/model.ts";
import { applicationOf } from "./model/unit-name.ts";
import type { ModelClock } from "./model-clock.ts";
import type { SteppedModel } from "./stepping/step-list.ts";
import type { ProcessHost } from "./processes/process-host.ts";

/** What agents need. */
export interface AgentsOptions {
  readonly model: Model;
  readonly clock: ModelClock;
  readonly host: ProcessHost;
  readonly log: Log;
  readonly leaderSelfChanged: boolean;
  readonly hookRetryDelayMs: number;
  readonly retryHooks: boolean;
  readonly checkRelationEndpoint: boolean;
  /** Whether nothing happens but step by step. */
  readonly isStepped: boolean;
  /** Which of the things that processes do are steps of their own. */
  readonly stepAt: ((what: string) => boolean) | undefined;
  readonly failHook: AgentLoopOptions["failHook"];
  /** The charm of an application as a function, if it runs in this process. */
  readonly charmFunction: (application: string) => CharmFunction | undefined;
  readonly onRun: (run: HookRun) => void;
  /** Called when the simulation itself is at fault. */
  readonly onFault: (error: unknown) => void;
}

interface Agent {
  readonly loop: AgentLoop;
  /** Where the charm runs in this process. */
  readonly inProcess?: InProcessRunner;
}

/** The agents of all units. */
export class Agents {
  readonly #options: AgentsOptions;
  readonly #agents = new Map<string, Agent>();
  /** Oldest first; those of units that are no more included: what was left running there goes on. */
  readonly #machines: { readonly unit: string; readonly machine: SimulatedMachine }[] = [];
  #inProcess: Pick<SteppedModel, "agents" | "machines"> | undefined;
  readonly #retiring = new Set<Promise<unknown>>();
  readonly #waiters = new Set<() => void>();

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  /** The agents that live. */
  get loops(): readonly AgentLoop[] {
    return [...this.#agents.values()].map(({ loop }) => loop);
  }

  /** A unit's agent; undefined where it has none. */
  loop(unit: string): AgentLoop | undefined {
    return this.#agents.get(unit)?.loop;
  }

  /** The machine of a unit whose charm runs, or ran, in this process; undefined for any other. */
  machine(unit: string): SimulatedMachine | undefined {
    return this.#machines.findLast((each) => each.unit === unit)?.machine;
  }

  /**
   * Starts a unit's agent.
   *
   * @param disk What its machine has, where the charm runs in this process. Default: an empty one.
   */
  async start(unit: string, disk?: MemoryDisk): Promise<void> {
    // A unit that is no more may have had the same name.
    this.#retire(unit);
    const { host, onRun, onFault, charmFunction, ...options } = this.#options;
    const loop: AgentLoop = new AgentLoop({
      ...options,
      unit,
      randomHex: () => randomUUID().replaceAll("-", ""),
      onRun,
      onFault,
      onIdle: () => this.#isIdle(unit, loop),
    });
    const { model, log } = options;
    const application = applicationOf(unit);
    const inProcess = charmFunction(application);
    if (inProcess === undefined) {
      const charm = (): string => model.application(application).charm.directory;
      const runner = await host.runner({ unit, charm, log, loop });
      this.#agents.set(unit, { loop });
      loop.start(runner);
    } else {
      const machine = this.#newMachine(unit, disk);
      const charm = (): CharmFunction => charmFunction(application) ?? inProcess;
      const runner = new InProcessRunner({ unit, charm, machine, log });
      this.#machines.push({ unit, machine });
      this.#agents.set(unit, { loop, inProcess: runner });
      this.#inProcess = undefined;
      loop.start(runner);
    }
  }

  /** The agents whose charms run in this process, and all machines. */
  get inProcess(): Pick<SteppedModel, "agents" | "machines"> {
    this.#inProcess ??= {
      agents: [...this.#agents.values()].flatMap(({ loop, inProcess }) =>
        inProcess === undefined ? [] : [{ loop, inProcess }],
      ),
      machines: this.#machines.map(({ machine }) => machine),
    };
    return this.#inProcess;
  }

  /** Takes a unit's agent away, with what it runs. What was left running on its machine goes on. */
  async remove(unit: string): Promise<void> {
    await this.loop(unit)?.stop();
    this.#retire(unit);
  }

  /** Makes every agent look for something to do. */
  wake(): void {
    for (const { loop } of this.#agents.values()) loop.wake();
  }

  /**
   * Waits until no agent has anything to do and nothing is under way in this process but what waits for the clock or for
   * the test.
   *
   * @returns The agents that are busy all the same when the time is over.
   */
  async rest(timeoutMs: number): Promise<readonly AgentLoop[]> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      // What has arrived on the sockets counts too; and a test that asks in a loop must not starve the agents.
      await new Promise((resume) => {
        setImmediate(resume);
      });
      const busy = this.loops.filter((loop) => loop.isBusy);
      const left = deadline - performance.now();
      if (left <= 0) return busy;
      if (this.#isActive()) await this.#change(left);
      else if (busy.length === 0) return [];
      // A hook waits for the time to pass, and nobody else would let it.
      else if (!this.#moveOn()) await this.#change(left);
    }
  }

  /** Stops every agent, and what their units run in this process. */
  async stop(): Promise<void> {
    await Promise.all(this.loops.map(async (loop) => await loop.stop()));
    this.#agents.clear();
    for (const { machine } of this.#machines) machine.restart();
    await Promise.all(this.#retiring);
    this.#notify();
  }

  #newMachine(unit: string, disk: MemoryDisk | undefined): SimulatedMachine {
    const earlier = this.#machines.filter((each) => each.unit === unit).length;
    const machine: SimulatedMachine = new SimulatedMachine({
      name: earlier === 0 ? unit : `${unit}@${earlier + 1}`,
      clock: this.#options.clock,
      onChange: () => this.#notify(),
      isStepped: this.#options.isStepped,
      stepAt: this.#options.stepAt,
      disk,
      runCommand: async (command) => {
        const exec = readJujuExec(command);
        if (exec === undefined) return;
        const agent = this.#agents.get(exec.unit);
        // A machine reaches the agents that run on it, and not the one of a later unit of the same name.
        if (agent?.inProcess?.machine === machine) await agent.loop.exec(exec.commands, exec.about);
      },
    });
    return machine;
  }

  #isActive(): boolean {
    return (
      [...this.#agents.values()].some(
        ({ loop, inProcess }) => loop.isBusy && inProcess?.isWaiting !== true,
      ) || this.#machines.some(({ machine }) => machine.isActive)
    );
  }

  #moveOn(): boolean {
    const { clock } = this.#options;
    return clock instanceof VirtualClock && clock.step();
  }

  #isIdle(unit: string, loop: AgentLoop): void {
    if (loop.agent.isDead && this.loop(unit) === loop) this.#retire(unit);
    this.#notify();
  }

  #retire(unit: string): void {
    const agent = this.#agents.get(unit);
    if (agent === undefined) return;
    this.#agents.delete(unit);
    this.#inProcess = undefined;
    this.#retiring.add(Promise.all([agent.loop.stop(), this.#options.host.retire(unit)]));
  }

  /** Waits until something changes, or for so long. */
  async #change(timeoutMs: number): Promise<void> {
    await new Promise<void>((wake) => {
      const timer = setTimeout(wake, timeoutMs);
      this.#waiters.add(() => {
        clearTimeout(timer);
        wake();
      });
    });
  }

  #notify(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}
