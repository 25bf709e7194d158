/**
 * The machine of one unit whose charm runs in the test's own process: a clock, a disk in memory, and processes that are
 * functions.
 *
 * @module
 */
import type { Disk, Machine, ProcessIdentity, Program } from "../../machine/machine.ts";
import type { ModelClock } from "../model-clock.ts";
import { MemoryDisk, systemError } from "./memory-disk.ts";
import { SimulatedProcess, type Intent } from "./simulated-process.ts";

/** What a machine needs. */
export interface SimulatedMachineOptions {
  /** What tells it from every other, for people. */
  readonly name: string;
  readonly clock: ModelClock;
  /** Called when a process begins to wait, goes on, or ends. */
  readonly onChange: () => void;
  /** Whether its processes stand before everything that they do until somebody lets them. */
  readonly isStepped: boolean;
  /** Which of the things that they do they stand before. */
  readonly stepAt: ((what: string) => boolean) | undefined;
  /** Default: an empty one. */
  readonly disk?: MemoryDisk | undefined;
  /** Runs a command that a process leaves behind, for example `juju-exec`. */
  readonly runCommand: (command: readonly [string, ...string[]]) => Promise<void>;
}

/** The start of a worker. */
const begins: Intent = { what: "begins", args: [] };
const none: readonly SimulatedProcess[] = [];

/** A machine in memory. */
export class SimulatedMachine {
  readonly disk: MemoryDisk;
  readonly #options: SimulatedMachineOptions;
  readonly #processes = new Map<number, SimulatedProcess>();
  #boots = 0;
  #bootedAt: Date;
  #skewMs = 0;
  #nextPid = 100;

  constructor(options: SimulatedMachineOptions) {
    this.#options = options;
    this.disk = options.disk ?? new MemoryDisk();
    this.#bootedAt = options.clock.now();
  }

  /** The name of its unit; with a number where the unit is not the first of this name. */
  get name(): string {
    return this.#options.name;
  }

  /** The processes that run and that no hook waits for, as they are to be let go on. */
  get running(): readonly SimulatedProcess[] {
    if (this.#processes.size === 0) return none;
    return [...this.#processes.values()].filter(({ isAlive }) => isAlive);
  }

  /** The processes that run and that no hook waits for: workers, as a rule. */
  get processes(): readonly ProcessIdentity[] {
    return this.running.map(({ identity }) => identity);
  }

  /** Whether any process does something, as opposed to waiting for the clock or for the test. */
  get isActive(): boolean {
    for (const process of this.#processes.values()) if (process.isActive) return true;
    return false;
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

  /** Sets the machine's clock that much ahead of the model's, or behind it. How fast it goes stays as it is. */
  skewClock(ms: number): void {
    this.#skewMs = ms;
  }

  /** Makes a process that is not yet running. */
  process(): SimulatedProcess {
    const pid = this.#nextPid++;
    const identity = { pid, startTime: String(pid), bootId: `boot-${this.#boots}` };
    return new SimulatedProcess(identity, this.#options);
  }

  /** The machine as one of its processes reaches it. */
  as(self: SimulatedProcess): Machine {
    const { clock } = this.#options;
    return {
      clock: {
        now: () => new Date(clock.now().getTime() + this.#skewMs),
        uptime: () => (clock.now().getTime() - this.#bootedAt.getTime()) / 1000,
        sleep: async (ms, signal) => await self.wait(this.#delay(self, ms, signal)),
      },
      disk: reachedFrom(self, this.disk),
      processes: {
        start: async (program, input, outputFile) =>
          await self.act(() => this.#start(program, input, outputFile), {
            what: "processes.start",
            args: program.args,
            fails: () => {
              throw Object.assign(new Error("EAGAIN: fork"), { code: "EAGAIN" });
            },
          }),
        isRunning: async ({ pid, bootId }) =>
          await self.act(
            () => {
              const process = this.#processes.get(pid);
              return process?.isAlive === true && process.identity.bootId === bootId;
            },
            { what: "processes.isRunning", args: [String(pid)] },
          ),
        signal: async (identity, signal) =>
          await self.act(
            () => {
              if (this.#processes.get(identity.pid)?.identity.bootId !== identity.bootId) return;
              if (signal === "SIGKILL") this.kill(identity.pid);
              else this.terminate(identity.pid);
            },
            { what: "processes.signal", args: [signal, String(identity.pid)] },
          ),
        leave: async (command) =>
          await self.act(async () => await this.#options.runCommand(command), {
            what: "processes.leave",
            args: command,
            fails: () => undefined,
          }),
      },
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
      await process.stand(begins);
      const module = await program.load();
      await module.run({ machine: this.as(process), identity, input, signal });
    });
    this.#processes.delete(identity.pid);
    if (end.how === "threw") await this.disk.replace(outputFile, describe(end.error));
  }

  async #delay(self: SimulatedProcess, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const what = `${this.name} process ${self.identity.pid} sleeps`;
      const end = (): void => {
        callOff();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const callOff = this.#options.clock.schedule(ms, end, what);
      signal?.addEventListener("abort", end);
      self.atEnd(callOff);
    });
  }
}

/** What an error of the charm's own looks like on standard error. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The disk as a process reaches it. */
function reachedFrom(self: SimulatedProcess, disk: Disk): Disk {
  const act = async <Result>(name: string, path: string, action: () => Promise<Result>): Promise<Result> =>
    await self.act(action, {
      what: `disk.${name}`,
      args: [path],
      fails: () => {
        throw systemError("EIO", path);
      },
    });
  return {
    read: async (path) => await act("read", path, async () => await disk.read(path)),
    append: async (path, ...more) => await act("append", path, async () => await disk.append(path, ...more)),
    replace: async (path, ...more) =>
      await act("replace", path, async () => await disk.replace(path, ...more)),
    create: async (path, text) => await act("create", path, async () => await disk.create(path, text)),
    rename: async (from, to) => await act("rename", from, async () => await disk.rename(from, to)),
    list: async (directory) => await act("list", directory, async () => await disk.list(directory)),
    makeDirectory: async (path) =>
      await act("makeDirectory", path, async () => await disk.makeDirectory(path)),
    remove: async (path) => await act("remove", path, async () => await disk.remove(path)),
  };
}
