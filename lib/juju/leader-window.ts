/**
 * The time in which a unit that Juju called the leader may write as the leader.
 *
 * Leadership is looked at twice, when a databag is written and when the hook is committed, and may have gone and come back
 * in between: then a map that was read before another leader's writes would overwrite them. Juju promises it for 30 s from
 * its answer; whatever is read after that answer, and committed well before, is safe.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/is-leader/
 */
import { LeadershipError } from "../errors.ts";
import type { Clock } from "../machine/machine.ts";
import type { Juju } from "./juju.ts";

/** How long after its answer Juju's word is relied on: a third of what it promises, since hooks end when they end. */
const windowS = 10;

/** One dispatch's window. */
export class LeaderWindow {
  readonly #juju: Pick<Juju, "isLeader" | "unit">;
  readonly #clock: Pick<Clock, "uptime">;
  readonly #isWithin: (elapsedS: number) => boolean;
  #openedAt = Number.NEGATIVE_INFINITY;

  /** @param isWithin Whether so many seconds are few enough. Default: at most ten. */
  constructor(
    juju: Pick<Juju, "isLeader" | "unit">,
    clock: Pick<Clock, "uptime">,
    isWithin: (elapsedS: number) => boolean = (elapsedS) => elapsedS <= windowS,
  ) {
    this.#juju = juju;
    this.#clock = clock;
    this.#isWithin = isWithin;
  }

  /**
   * Asks Juju whether this unit leads, and opens the window. What is to be written as the leader has to be read after.
   *
   * @throws HookToolError
   */
  async open(): Promise<boolean> {
    // Suspended machines count too: the lease does not wait for them.
    this.#openedAt = this.#clock.uptime();
    return await this.#juju.isLeader();
  }

  /** Whether the unit may still write as the leader. */
  get isOpen(): boolean {
    return this.#isWithin(this.#clock.uptime() - this.#openedAt);
  }

  /**
   * To be called before something is written as the leader, and again when everything is done.
   *
   * @throws LeadershipError where it is too late.
   */
  require(): void {
    if (this.isOpen) return;
    throw new LeadershipError(
      `The dispatch of ${this.#juju.unit} took longer than the leader may take, so what it was to write is not written.`,
      { remedy: "Nothing needs to be done: Juju runs the hook again.", retryable: true },
    );
  }
}
