/**
 * How finely processes are interleaved: which of the things that they do are steps, between which others take theirs.
 */
import { Random } from "./random.ts";

/** How likely it is that something is a step, by what it is. What is not named here reads, and changes nothing. */
const chances: ReadonlyMap<string, number> = new Map([
  ["exit", 1],
  ["is-leader", 0.3],
  ["relation-set", 0.6],
  ["disk.append", 0.6],
  ["disk.create", 0.6],
  ["disk.replace", 0.3],
  ["processes.start", 0.6],
  ["processes.signal", 0.6],
  ["processes.leave", 0.2],
]);
const ofReading = 0.1;
const ofWork = 0.8;

/** Decides by chance, anew each time: in many schedules every single call has been a step. */
export class Interleaving {
  readonly #random: Random;
  /** Whether anything is; else each hook and each worker runs in one go. */
  isOn = false;

  constructor(seed: number) {
    this.#random = new Random(~seed);
  }

  /** @param what See {@link Step.what}. */
  isStep(what: string): boolean {
    if (!this.isOn) return false;
    return this.#random.chance(chances.get(what) ?? (what.startsWith("job-") ? ofWork : ofReading));
  }
}
