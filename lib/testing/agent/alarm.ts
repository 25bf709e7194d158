/**
 * Calls an agent at a time that may still change.
 *
 * @module
 */
import type { ModelClock } from "../model-clock.ts";

/** Timers hold no more than 2^31 ms; after a day the agent looks again, and sets the alarm anew. */
const longestDelayMs = 86_400_000;

/** One alarm. */
export class Alarm {
  readonly #clock: ModelClock;
  readonly #ring: () => void;
  readonly #what: string;
  #set: { readonly time: number; readonly callOff: () => void } | undefined;

  /** @param what What it is for, for people. */
  constructor(clock: ModelClock, ring: () => void, what: string) {
    this.#clock = clock;
    this.#ring = ring;
    this.#what = what;
  }

  /** Sets the alarm to another time, or to none. */
  set(time: Date | undefined): void {
    if (time?.getTime() === this.#set?.time) return;
    this.#set?.callOff();
    this.#set = undefined;
    if (time === undefined) return;
    const delayMs = Math.min(time.getTime() - this.#clock.now().getTime(), longestDelayMs);
    const ring = (): void => {
      this.#set = undefined;
      this.#ring();
    };
    const callOff = this.#clock.schedule(delayMs, ring, this.#what);
    this.#set = { time: time.getTime(), callOff };
  }
}
