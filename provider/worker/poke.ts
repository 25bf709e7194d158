/**
 * Makes the unit dispatch, so that its charm publishes what a worker has done.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/juju-exec/
 */
import type { Processes } from "../../lib/machine/machine.ts";

/** The custom event that a poke dispatches. */
export const workerEvent = "database-backup-worker";

/** The command that makes a unit run its charm's `dispatch` for the worker's event. */
export function pokeCommand(unit: string, charmDirectory: string): readonly [string, ...string[]] {
  const dispatch = `'${charmDirectory.replaceAll("'", `'\\''`)}/dispatch'`;
  return ["juju-exec", "-u", unit, `JUJU_DISPATCH_PATH=hooks/${workerEvent} ${dispatch}`];
}

/**
 * Pokes without waiting: the command stands in line behind the unit's hooks, and hooks never wait for workers. Pokes
 * that come while one is under way become one more after it. A poke that is lost costs only time: the next hook
 * publishes what it did not.
 */
export class Poker {
  readonly #processes: Pick<Processes, "leave">;
  readonly #command: readonly [string, ...string[]];
  #isUnderWay = false;
  #again = false;
  #left = false;

  constructor(processes: Pick<Processes, "leave">, command: readonly [string, ...string[]]) {
    this.#processes = processes;
    this.#command = command;
  }

  /** Pokes, or makes sure that there is a poke after the one under way. */
  poke(): void {
    if (this.#isUnderWay) this.#again = true;
    else void this.#pokeUntilDone();
  }

  /** Pokes for the last time. The process that pokes may end at once; the poke goes on without it. */
  pokeAndLeave(): void {
    this.#left = true;
    void this.#processes.leave(this.#command);
  }

  async #pokeUntilDone(): Promise<void> {
    this.#isUnderWay = true;
    do {
      this.#again = false;
      await this.#processes.leave(this.#command);
    } while (this.#again && !this.#left);
    this.#isUnderWay = false;
  }
}
