/**
 * A clock that stands still until it is moved on.
 *
 * @module
 */
import type { ModelClock } from "../model-clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Time that passes only when a test says so. */
export class VirtualClock implements ModelClock {
  /** In the order in which they fall due. */
  readonly #timers: Timer[] = [];
  #nowMs: number;

  /** @param start Default: the beginning of 2026, UTC. */
  constructor(start: Date = new Date(Date.UTC(2026, 0, 1))) {
    this.#nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    const later = this.#timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /**
   * Moves on to the next timer and lets it fire.
   *
   * @param limit Timers that fall due after this stay. Default: none does.
   * @returns Whether there was one.
   */
  step(limit?: Date): boolean {
    const [next] = this.#timers;
    if (next === undefined || (limit !== undefined && next.dueMs > limit.getTime())) return false;
    this.#timers.shift();
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.callback();
    return true;
  }

  /** Moves on by so much, and lets every timer fire that falls due meanwhile. */
  advance(ms: number): void {
    const end = new Date(this.#nowMs + ms);
    while (this.step(end));
    this.moveTo(end);
  }

  /** Moves on to a moment before which no timer falls due. One that has passed changes nothing. */
  moveTo(moment: Date): void {
    this.#nowMs = Math.max(this.#nowMs, moment.getTime());
  }
}
