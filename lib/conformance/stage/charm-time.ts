/**
 * Time as a charm has it: what its processes compute, and what they wait.
 *
 * While one of them wants to run and is not let, no time passes. So a busy machine, or one that stands still for a while,
 * uses up nobody's patience.
 *
 * @module
 */
import type { CharmProcess } from "./charm-processes.ts";

/** Nobody looked for as long as this: what was between is not known. */
const longestMs = 1_000;
/** How much longer than in the charm's time it may take by the clock. */
const mostTimes = 20;

/** Measures time as a charm has it. */
export class CharmTime {
  readonly #computed = new Map<number, number>();
  #ms = 0;
  #elapsedMs = 0;
  #isFirst = true;

  /**
   * Takes in a look at the charm's processes.
   *
   * @param elapsedMs By the clock, since the look before.
   */
  pass(elapsedMs: number, processes: readonly CharmProcess[]): void {
    const computed = processes.reduce((sum, each) => sum + this.#computedSince(each), 0);
    const seen = Math.min(elapsedMs, longestMs);
    if (!this.#isFirst) {
      this.#ms += processes.some(({ wantsToRun }) => wantsToRun) ? Math.min(computed, seen) : seen;
      this.#elapsedMs += seen;
    }
    this.#isFirst = false;
    this.#computed.clear();
    for (const { pid, computedMs } of processes) this.#computed.set(pid, computedMs);
  }

  /** Begins anew. */
  reset(): void {
    this.#ms = 0;
    this.#elapsedMs = 0;
  }

  /** Whether more than so much has passed. */
  isOver(limitMs: number): boolean {
    return this.#ms > limitMs || this.#elapsedMs > mostTimes * limitMs;
  }

  #computedSince({ pid, computedMs }: CharmProcess): number {
    return Math.max(0, computedMs - (this.#computed.get(pid) ?? 0));
  }
}
