/**
 * Makes the unit dispatch, so that its charm publishes what a worker has done.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/juju-exec/
 */
import { spawn, type ChildProcess } from "node:child_process";

/** The custom event that a poke dispatches. */
export const workerEvent = "database-backup-worker";

/** The command that makes a unit run its charm's `dispatch` for the worker's event. */
export function pokeCommand(unit: string, charmDirectory: string): readonly [string, ...string[]] {
  const dispatch = `'${charmDirectory.replaceAll("'", `'\\''`)}/dispatch'`;
  return ["juju-exec", "-u", unit, `JUJU_DISPATCH_PATH=hooks/${workerEvent} ${dispatch}`];
}

/**
 * Pokes without waiting: the command stands in line behind the unit's hooks, and hooks never wait for workers. Pokes
 * that come while one is under way become one more after it.
 */
export class Poker {
  readonly #command: readonly [string, ...string[]];
  #underWay: ChildProcess | undefined;
  #again = false;

  constructor(command: readonly [string, ...string[]]) {
    this.#command = command;
  }

  /** Pokes, or makes sure that there is a poke after the one under way. */
  poke(): void {
    if (this.#underWay === undefined) this.#start();
    else this.#again = true;
  }

  /** Pokes for the last time. The process that pokes may end at once; the poke goes on without it. */
  pokeAndLeave(): void {
    this.#again = false;
    this.#underWay?.removeAllListeners("close");
    this.#start();
    this.#underWay?.removeAllListeners("close");
  }

  #start(): void {
    const [program, ...args] = this.#command;
    const child = spawn(program, args, { detached: true, stdio: "ignore" });
    this.#underWay = child;
    child.unref();
    // A poke that is lost costs only time: the next hook publishes what it did not.
    child.on("error", () => undefined);
    child.on("close", () => {
      this.#underWay = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.#start();
    });
  }
}
