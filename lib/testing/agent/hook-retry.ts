/**
 * A hook that failed, and when it runs again: later after each failure.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import type { ModelClock } from "../model-clock.ts";
import type { HookInfo } from "./operation.ts";

const longestDelayMs = 300_000;

/** What decides when a failed hook runs again. */
export interface HookRetryOptions {
  readonly clock: ModelClock;
  /** After the first failure; doubled with each that follows, up to five minutes. */
  readonly firstDelayMs: number;
  /** Whether it runs again by itself at all. */
  readonly isAutomatic: boolean;
  /** Called when its time has come. */
  readonly onDue: () => void;
  /** What the wait is for, for people. */
  readonly what: string;
}

/** The hook of one unit that failed, if any. */
export class HookRetry {
  readonly #options: HookRetryOptions;
  #hook: HookInfo | undefined;
  #failures = 0;
  #isDue = false;
  #callOff: (() => void) | undefined;

  constructor(options: HookRetryOptions) {
    this.#options = options;
  }

  /** The hook that failed and has not run well since. */
  get hook(): HookInfo | undefined {
    return this.#hook;
  }

  /** Whether its time has come. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Takes note of a failure, and sets the time of the next attempt. */
  failed(hook: HookInfo): void {
    this.#callOff?.();
    const { clock, firstDelayMs, isAutomatic } = this.#options;
    const delay = Math.min(firstDelayMs * 2 ** this.#failures, longestDelayMs);
    this.#hook = hook;
    this.#failures += 1;
    this.#isDue = false;
    if (isAutomatic) this.#callOff = clock.schedule(delay, () => this.#due(), this.#options.what);
  }

  /** Lets it run again at once. */
  hurry(): void {
    this.#callOff?.();
    this.#isDue = true;
  }

  /** Counts failures from the first again, as an agent does that was started anew. */
  restart(): void {
    this.#failures = 0;
    if (this.#hook !== undefined) this.failed(this.#hook);
  }

  /** Forgets the hook, because it has run well or is to be left alone. */
  clear(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#hook = undefined;
    this.#failures = 0;
    this.#isDue = false;
  }

  #due(): void {
    this.#isDue = true;
    this.#options.onDue();
  }
}
