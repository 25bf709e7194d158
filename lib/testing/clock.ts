/**
 * Time as the simulated Juju sees it, so that a test can bring its own.
 *
 * @module
 */

/** A source of time. */
export interface Clock {
  /** Tells the time. */
  now(): Date;
  /** Calls back after a delay; the returned function calls it off. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The clock on the wall. Its timers never keep a process alive. */
export const wallClock: Clock = {
  now: () => new Date(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
