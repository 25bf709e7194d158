/**
 * A clock that goes on when a test says so.
 *
 * @module
 */
import type { Clock } from "../../lib/testing/index.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still between two calls of {@link advance}. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { due: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Puts the clock forward, and calls whom that was waited for. */
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ due }) => due <= this.#now)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}
