/**
 * A process of a simulated machine: a function of the test's own process that can be killed.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ProcessIdentity } from "../../machine/machine.ts";

const current = new AsyncLocalStorage<SimulatedProcess>();

/** How a process ended. */
export type SimulatedEnd =
  | { readonly how: "returned" }
  | { readonly how: "threw"; readonly error: unknown }
  | { readonly how: "killed" };

/**
 * A function that runs as a process. It acts on the world through {@link SimulatedProcess.act} alone, so once it is
 * killed nothing that it does has an effect any more: it never comes back from its next act.
 */
export class SimulatedProcess {
  readonly identity: ProcessIdentity;
  readonly #end = new AbortController();
  readonly #onChange: () => void;
  #waits = 0;
  #isAlive = true;
  #die: (end: SimulatedEnd) => void = () => undefined;

  /** @param onChange Called when it begins to wait, goes on, or ends. */
  constructor(identity: ProcessIdentity, onChange: () => void) {
    this.identity = identity;
    this.#onChange = onChange;
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
    return this.#isAlive && this.#waits === 0;
  }

  /** Runs the function to its end, or until it is killed. */
  async run(body: () => Promise<void>): Promise<SimulatedEnd> {
    const killed = new Promise<SimulatedEnd>((resolve) => {
      this.#die = resolve;
    });
    const returned = current.run(this, async (): Promise<SimulatedEnd> => {
      try {
        await body();
        return { how: "returned" };
      } catch (error) {
        return { how: "threw", error };
      }
    });
    const end = await Promise.race([returned, killed]);
    this.#isAlive = false;
    this.#onChange();
    return end;
  }

  /** Does something to the world, unless the process is dead. */
  async act<Result>(action: () => Result | Promise<Result>): Promise<Result> {
    if (!this.#isAlive) return await never;
    const result = await action();
    return this.#isAlive ? result : await never;
  }

  /** Waits for something that comes by the clock or by the test. */
  async wait<Result>(something: Promise<Result>): Promise<Result> {
    this.#waits += 1;
    this.#onChange();
    try {
      return await this.act(async () => await something);
    } finally {
      this.#waits -= 1;
      this.#onChange();
    }
  }

  /** Asks it to end, as SIGTERM does. */
  terminate(): void {
    this.#end.abort();
  }

  /** Ends it at once, as SIGKILL does. */
  kill(): void {
    this.#isAlive = false;
    this.#die({ how: "killed" });
  }
}

/** What a killed process waits for. */
const never = new Promise<never>(() => undefined);

/**
 * Waits for something that comes by the clock or by the test. In a process of a simulated machine this tells the
 * simulation that there is nothing to wait for; anywhere else it is an `await`.
 */
export async function waitFor<Result>(something: Promise<Result>): Promise<Result> {
  const process = current.getStore();
  return process === undefined ? await something : await process.wait(something);
}

/** The process that the code runs in; undefined outside of any. */
export function currentProcess(): SimulatedProcess | undefined {
  return current.getStore();
}
