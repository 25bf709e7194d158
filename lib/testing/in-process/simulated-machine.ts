/**
 * The machine of one unit whose charm runs in the test's own process: a clock, a disk in memory, and processes that are
 * functions.
 *
 * @module
 */
import type { Disk, Machine, ProcessIdentity, Program } from "../../machine/machine.ts";
import type { ModelClock } from "../model-clock.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { Stepping } from "./stepping.ts";

/** What a machine needs. */
export interface SimulatedMachineOptions {
  /** The unit that it is for. */
  readonly unit: string;
  /** Decides when an effect comes about. Default: at once. */
  readonly stepping: Stepping | undefined;
  readonly clock: ModelClock;
  /** Called when a process begins to wait, goes on, or ends. */
  readonly onChange: () => void;
  /** Runs a command that a process leaves behind, for example `juju-exec`. */
  readonly runCommand: (command: readonly [string, ...string[]]) => Promise<void>;
}

/** A machine in memory. */
export class SimulatedMachine {
  readonly disk: MemoryDisk = new MemoryDisk();
  readonly #options: SimulatedMachineOptions;
  readonly #processes = new Map<number, SimulatedProcess>();
  #boots = 0;
  #bootedAt: Date;
  #nextPid = 100;
  /** How much its clock is ahead of the model's, in milliseconds. */
  skewMs = 0;

  constructor(options: SimulatedMachineOptions) {
    this.#options = options;
    this.#bootedAt = options.clock.now();
  }

  /** The processes that run and that no hook waits for: workers, as a rule. */
  get processes(): readonly ProcessIdentity[] {
    return [...this.#processes.values()].filter(({ isAlive }) => isAlive).map(({ identity }) => identity);
  }

  /** Whether any process does something, as opposed to waiting for the clock or for the test. */
  get isActive(): boolean {
    return [...this.#processes.values()].some((process) => process.isActive);
  }

  /** Ends a process at once, as SIGKILL does; one that is gone already is no failure. */
  kill(pid: number): void {
    this.#processes.get(pid)?.kill();
    this.#processes.delete(pid);
  }

  /** Asks a process to end, as SIGTERM does; one that is gone already is no failure. */
  terminate(pid: number): void {
    this.#processes.get(pid)?.terminate();
  }

  /** Starts the machine anew: nothing that ran runs any more, and the disk is as it was. */
  restart(): void {
    for (const pid of this.#processes.keys()) this.kill(pid);
    this.#boots += 1;
    this.#bootedAt = this.#options.clock.now();
  }

  /** Makes a process that is not yet running. */
  process(): SimulatedProcess {
    const pid = this.#nextPid++;
    const identity = { pid, startTime: String(pid), bootId: `boot-${this.#boots}` };
    return new SimulatedProcess(identity, this.#options.onChange);
  }

  /** The machine as one of its processes reaches it. */
  as(self: SimulatedProcess): Machine {
    const { clock } = this.#options;
    return {
      clock: {
        now: () => new Date(clock.now().getTime() + this.skewMs),
        uptime: () => (clock.now().getTime() - this.#bootedAt.getTime()) / 1000,
        sleep: async (ms, signal) => await self.wait(this.#delay(ms, signal)),
      },
      disk: this.#diskOf(self),
      processes: {
        start: async (program, input, outputFile) =>
          await this.#effect(self, `start ${program.args.join(" ")}`, () =>
            this.#start(program, input, outputFile),
          ),
        isRunning: async ({ pid, bootId }) =>
          await self.act(() => {
            const process = this.#processes.get(pid);
            return process?.isAlive === true && process.identity.bootId === bootId;
          }),
        signal: async (identity, signal) =>
          await this.#effect(self, `${signal} ${identity.pid}`, () => {
            if (this.#processes.get(identity.pid)?.identity.bootId !== identity.bootId) return;
            if (signal === "SIGKILL") this.kill(identity.pid);
            else this.terminate(identity.pid);
          }),
        leave: async (command) => await self.act(async () => await this.#options.runCommand(command)),
      },
    };
  }

  /** Does something to the machine that outlives the process, when it may. */
  async #effect<Result>(
    self: SimulatedProcess,
    name: string,
    action: () => Result | Promise<Result>,
  ): Promise<Result> {
    const { stepping, unit } = this.#options;
    if (stepping !== undefined) {
      const step = { unit, kind: "effect" as const, name: `${self.identity.pid}: ${name}` };
      await self.wait(stepping.gate(step, () => self.isAlive));
    }
    return await self.act(action);
  }

  #diskOf(self: SimulatedProcess): Disk {
    const { disk } = this;
    const effect = async <Result>(
      what: string,
      path: string,
      action: () => Promise<Result>,
    ): Promise<Result> => await this.#effect(self, `${what} ${path}`, action);
    return {
      read: async (path) => await self.act(async () => await disk.read(path)),
      append: async (path, text, options) =>
        await effect("append to", path, async () => await disk.append(path, text, options)),
      replace: async (path, text) =>
        await effect("replace", path, async () => await disk.replace(path, text)),
      create: async (path, text) => await effect("create", path, async () => await disk.create(path, text)),
      rename: async (from, to) => await effect("rename", from, async () => await disk.rename(from, to)),
      list: async (directory) => await self.act(async () => await disk.list(directory)),
      makeDirectory: async (path) => await self.act(async () => await disk.makeDirectory(path)),
      remove: async (path) => await effect("remove", path, async () => await disk.remove(path)),
    };
  }

  #start(program: Program, input: string, outputFile: string): ProcessIdentity {
    const process = this.process();
    this.#processes.set(process.identity.pid, process);
    void this.#run(process, program, input, outputFile);
    return process.identity;
  }

  async #run(process: SimulatedProcess, program: Program, input: string, outputFile: string): Promise<void> {
    const { identity, signal } = process;
    const end = await process.run(async () => {
      const module = await program.load();
      await module.run({ machine: this.as(process), identity, input, signal });
    });
    this.#processes.delete(identity.pid);
    if (end.how === "threw") await this.disk.replace(outputFile, describe(end.error));
  }

  async #delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const giveUp = (): void => {
        callOff();
        resolve();
      };
      const callOff = this.#options.clock.schedule(ms, () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      });
      signal?.addEventListener("abort", giveUp);
    });
  }
}

/** What an error of the charm's own looks like on standard error. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
