/**
 * A process of a simulated machine: a function of the test's own process that can be killed.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ProcessIdentity } from "../../machine/machine.ts";

const current = new AsyncLocalStorage<SimulatedProcess>();
/**
 * The process that goes on in a model that goes step by step: in one step there is just one. Storage that follows every
 * promise would find it too, but makes all of them slow.
 */
let goingOn: SimulatedProcess | undefined;

/** The end of a wait. */
const wakes: Intent = { what: "wakes", args: [] };

/** How a process ended. */
export type SimulatedEnd =
  | { readonly how: "returned" }
  | { readonly how: "threw"; readonly error: unknown }
  | { readonly how: "killed"; readonly exitCode: number };

/** What a process is about to do to the world. */
export interface Intent<Result = unknown> {
  /** For example `relation-get` or `disk.append`. */
  readonly what: string;
  /** With what: arguments of a hook tool, the path of a file. */
  readonly args: readonly string[];
  /** Ends as this would that cannot be done. Absent where it cannot fail. */
  readonly fails?: () => Result;
}

/** A process that stands before something, until somebody lets it. */
export interface Pending {
  readonly intent: Intent;
  /** Lets it go on. @param fails Whether that fails which it is about to do. */
  readonly go: (fails: boolean) => void;
}

/** What a process is told of the model that it runs in. */
export interface ProcessOptions {
  /** Called when it begins to wait, goes on, or ends. */
  readonly onChange: () => void;
  /** Whether it stands before everything that it does until somebody lets it. Default: false. */
  readonly isStepped?: boolean;
  /** Which of the things that it does it stands before, by {@link Intent.what}; asked each time. Default: all. */
  readonly stepAt?: ((what: string) => boolean) | undefined;
}

/**
 * A function that runs as a process. It acts on the world through {@link SimulatedProcess.act} alone, so once it is
 * killed nothing that it does has an effect any more: it never comes back from its next act.
 */
export class SimulatedProcess {
  readonly identity: ProcessIdentity;
  readonly #end = new AbortController();
  readonly #onChange: () => void;
  readonly #isStepped: boolean;
  readonly #stepAt: (what: string) => boolean;
  readonly #pending: Pending[] = [];
  readonly #atEnd: (() => void)[] = [];
  #waits = 0;
  #isAlive = true;
  #onWent: () => void = () => undefined;
  #die: (end: SimulatedEnd) => void = () => undefined;

  constructor(identity: ProcessIdentity, { onChange, isStepped = false, stepAt = always }: ProcessOptions) {
    this.identity = identity;
    this.#onChange = onChange;
    this.#isStepped = isStepped;
    this.#stepAt = stepAt;
  }

  /** Aborted when it is asked to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether it does something, as opposed to waiting for the clock or for the test. */
  get isActive(): boolean {
    return this.#isAlive && this.#waits === 0 && this.#pending.length === 0;
  }

  /** What it stands before, in a model that goes step by step: one thing, or more where it does several at once. */
  get pending(): readonly Pending[] {
    return this.#pending;
  }

  /** Waits until somebody lets it go on; in a model that does not go step by step, not at all. */
  async stand(intent: Intent): Promise<void> {
    if (this.#isStepped) await this.#permission(intent);
  }

  /**
   * Runs the function to its end, or until it is killed.
   *
   * @param exit What it stands before when the function has ended, in a model that goes step by step. Default: nothing.
   */
  async run(body: () => Promise<void>, exit?: Intent): Promise<SimulatedEnd> {
    const killed = new Promise<SimulatedEnd>((resolve) => {
      this.#die = resolve;
    });
    const returned = this.#isStepped
      ? this.#runStepped(body, exit)
      : current.run(this, async () => await this.#endOf(body));
    const end = await Promise.race([returned, killed]);
    this.#isAlive = false;
    for (const callback of this.#atEnd.splice(0)) callback();
    this.#onChange();
    return end;
  }

  /**
   * Does something to the world, unless the process is dead.
   *
   * @param intent What that is. Without it, it is done at once even in a model that goes step by step.
   */
  async act<Result>(action: () => Result | Promise<Result>, intent?: Intent<Result>): Promise<Result> {
    if (!this.#isAlive) return await forever();
    if (this.#isStepped && intent !== undefined) return await this.#step(action, intent);
    const result = await action();
    return this.#isAlive ? result : await forever();
  }

  async #runStepped(body: () => Promise<void>, exit: Intent | undefined): Promise<SimulatedEnd> {
    goOn(this);
    const end = await this.#endOf(body);
    if (exit !== undefined && this.#stepAt(exit.what)) await this.#permission(exit);
    return end;
  }

  async #endOf(body: () => Promise<void>): Promise<SimulatedEnd> {
    try {
      await body();
      // What it has begun to do without waiting for it keeps a process from ending.
      while (this.#pending.length > 0) {
        await new Promise<void>((resolve) => {
          this.#onWent = resolve;
        });
        await promisesSettled();
      }
      return { how: "returned" };
    } catch (error) {
      this.#pending.length = 0;
      return { how: "threw", error };
    }
  }

  async #step<Result>(action: () => Result | Promise<Result>, intent: Intent<Result>): Promise<Result> {
    const fails = this.#stepAt(intent.what) && (await this.#permission(intent));
    if (fails && intent.fails !== undefined) return intent.fails();
    // What takes its time is none of this process: a command that it left behind, for example.
    this.#waits += 1;
    try {
      const result = await action();
      goOn(this);
      return this.#isAlive ? result : await forever();
    } finally {
      this.#waits -= 1;
    }
  }

  async #permission(intent: Intent): Promise<boolean> {
    if (!this.#isAlive) return await forever();
    return await new Promise((resolve) => {
      const pending: Pending = {
        intent,
        go: (fails) => {
          const at = this.#pending.indexOf(pending);
          if (at < 0) return;
          this.#pending.splice(at, 1);
          goOn(this);
          resolve(fails);
          this.#onWent();
        },
      };
      this.#pending.push(pending);
    });
  }

  /** Waits for something that comes by the clock or by the test. */
  async wait<Result>(something: Promise<Result>): Promise<Result> {
    this.#waits += 1;
    this.#onChange();
    let result: Result;
    try {
      result = await this.act(async () => await something);
    } finally {
      this.#waits -= 1;
      this.#onChange();
    }
    await this.stand(wakes);
    return result;
  }

  /** Calls back when it has ended, however it did. */
  atEnd(callback: () => void): void {
    this.#atEnd.push(callback);
  }

  /** Asks it to end, as SIGTERM does. */
  terminate(): void {
    this.#end.abort();
  }

  /**
   * Ends it at once.
   *
   * @param exitCode Default: 137, that of SIGKILL.
   */
  kill(exitCode: number = 137): void {
    this.#isAlive = false;
    this.#pending.length = 0;
    for (const callback of this.#atEnd.splice(0)) callback();
    this.#die({ how: "killed", exitCode });
  }
}

/** Waits until no promise has anything left to do that needs nothing from outside this process. */
export async function promisesSettled(): Promise<void> {
  // From within a promise's own turn, the next tick comes when all of them are through.
  await Promise.resolve();
  await new Promise<void>((resume) => {
    process.nextTick(resume);
  });
}

/** Notes whose turn it is: never that of a process that has ended, though a command that it left behind ends later. */
function goOn(process: SimulatedProcess): void {
  if (process.isAlive) goingOn = process;
}

function always(): boolean {
  return true;
}

/** What a killed process waits for: a promise of its own, since one that lasts keeps in memory all who wait for it. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/**
 * Waits for something that comes by the clock or by the test. In a process of a simulated machine this tells the
 * simulation that there is nothing to wait for; anywhere else it is an `await`.
 */
export async function waitFor<Result>(something: Promise<Result>): Promise<Result> {
  const self = currentProcess();
  return self === undefined ? await something : await self.wait(something);
}

/** The process that the code runs in; undefined outside of any. */
export function currentProcess(): SimulatedProcess | undefined {
  return current.getStore() ?? goingOn;
}

/** Takes note that in a model that goes step by step everything stands. */
export function nothingGoesOn(): void {
  goingOn = undefined;
}
