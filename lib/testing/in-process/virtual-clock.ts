/**
 * A clock that stands still until it is moved on.
 *
 * @module
 */
import { ConfigurationError } from "../../errors.ts";
import type { ModelClock } from "../model-clock.ts";

/** What falls due at some time. */
export interface Timer {
  /** In milliseconds since 1970. */
  readonly dueMs: number;
  /** What it is for, for people. */
  readonly what: string;
}

interface SetTimer extends Timer {
  readonly callback: () => void;
}

/** Time that passes only when a test says so. */
export class VirtualClock implements ModelClock {
  /** In the order in which they fall due. */
  readonly #timers: SetTimer[] = [];
  #nowMs: number;

  /** @param start Default: the beginning of 2026, UTC. */
  constructor(start: Date = new Date(Date.UTC(2026, 0, 1))) {
    this.#nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  /** The timers that wait, in the order in which they fall due. */
  get timers(): readonly Timer[] {
    return this.#timers;
  }

  schedule(delayMs: number, callback: () => void, what: string = "a timer"): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback, what };
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
    return this.fire(next);
  }

  /**
   * Lets a timer fire, at its time or, where that has passed, now.
   *
   * @returns Whether it still waited.
   */
  fire(timer: Timer): boolean {
    const at = this.#timers.findIndex((each) => each === timer);
    const [found] = at < 0 ? [] : this.#timers.splice(at, 1);
    if (found === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, found.dueMs);
    found.callback();
    return true;
  }

  /** Moves on by so much, and lets every timer fire that falls due meanwhile. */
  advance(ms: number): void {
    const end = new Date(this.#nowMs + ms);
    while (this.step(end));
    this.moveTo(end);
  }

  /** Moves on to a moment, without letting any timer fire. One that has passed changes nothing. */
  moveTo(moment: Date): void {
    this.#nowMs = Math.max(this.#nowMs, moment.getTime());
  }
}

/** A clock that a test moves. @throws ConfigurationError for any other. */
export function virtual(clock: ModelClock): VirtualClock {
  if (clock instanceof VirtualClock) return clock;
  throw new ConfigurationError("The time of this model is that of the clock on the wall", {
    remedy: "Start the model with clock: new VirtualClock().",
  });
}
