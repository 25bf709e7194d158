/**
 * When a dispatch writes what it came to: a leader writes within its time, and so that Juju drops what came too late.
 *
 * @module
 */
import type { Dispatch } from "../lib/juju/dispatch.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { LeaderWindow } from "../lib/juju/leader-window.ts";
import type { Rules } from "./coordination/rules.ts";
import type { Publication, Publisher } from "./publisher.ts";

/** What the writes of a dispatch need. */
export interface LeaderWritesOptions {
  readonly publisher: Publisher;
  readonly event: JujuEvent;
  readonly rules: Rules;
  /** See {@link Dispatch.atEnd}. Default: what belongs to the end is done at once. */
  readonly atEnd: Dispatch["atEnd"] | undefined;
  /** Has the unit dispatched once more, without waiting for it. */
  readonly poke: () => void;
}

/** The writes of one dispatch. */
export class LeaderWrites {
  readonly #options: LeaderWritesOptions;
  /** What a command of `juju-exec` writes in the end. */
  #last: (() => Promise<void>) | undefined;

  constructor(options: LeaderWritesOptions) {
    this.#options = options;
  }

  /**
   * Writes what a dispatch came to. What a leader writes too late fails a hook, so that Juju drops it and runs the hook again.
   * Of a command of `juju-exec` Juju drops nothing, so there the leader writes when the charm has done all else, or leaves it
   * to another command.
   *
   * @param hasNext Whether the unit has something to do by what is written, as soon as it counts: then it is dispatched once more.
   *   A command of a charm that fails has not written, and must not be followed by another, which would fail like it.
   * @throws HookToolError
   * @throws LeadershipError where a hook of the leader's has taken too long.
   */
  async write(window: LeaderWindow, publication: Publication, hasNext: boolean): Promise<void> {
    const { publisher, event, rules, atEnd, poke } = this.#options;
    const { plan, peers } = publication;
    if (plan === undefined || peers.countsAtOnce) {
      await publisher.publish(publication);
    } else if (!rules.writesLast(event)) {
      window.require();
      await publisher.publish(publication);
      atEnd?.(() => window.require());
      if (hasNext) poke();
    } else {
      const isFirst = this.#last === undefined;
      this.#last = async () => await this.#writeLast(window, publication, hasNext);
      // Of several calls in one dispatch the last counts: two plans that were made from the same databag may disagree.
      if (atEnd === undefined) await this.#last();
      else if (isFirst) atEnd(async () => await this.#last?.());
    }
  }

  async #writeLast(window: LeaderWindow, publication: Publication, hasNext: boolean): Promise<void> {
    const { publisher, poke } = this.#options;
    const { isOpen } = window;
    await publisher.publish(isOpen ? publication : { ...publication, plan: undefined });
    if (hasNext || !isOpen) poke();
  }
}
