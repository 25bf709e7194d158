/**
 * Time as a simulated Juju sees it: of its model, its agents and, where charms run in process, of its machines.
 *
 * @module
 */

/** A source of time. */
export interface ModelClock {
  /** Tells the time. */
  now(): Date;
  /**
   * Calls back after a delay; the returned function calls it off.
   *
   * @param what What for, for people.
   */
  schedule(delayMs: number, callback: () => void, what?: string): () => void;
}

/** The clock on the wall. Its timers never keep a process alive. */
export const wallClock: ModelClock = {
  now: () => new Date(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Calls back again and again, until the returned function calls it off. Without an interval it never does. */
export function repeat(
  clock: ModelClock,
  intervalMs: number | undefined,
  callback: () => void,
  what: string,
): () => void {
  if (intervalMs === undefined) return () => undefined;
  let callOff = clock.schedule(intervalMs, again, what);
  function again(): void {
    callback();
    callOff = clock.schedule(intervalMs ?? 0, again, what);
  }
  return () => callOff();
}
