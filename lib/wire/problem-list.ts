/**
 * Collects what is wrong with a databag, and stops where a list of it would help nobody: a databag holds 16 MB, and all of
 * them may be wrong.
 *
 * @module
 */
import type { Problem } from "./problem.ts";

/** How many problems are listed; the others are counted. */
export const maxListedProblems = 20;

/** The problems of one databag. */
export class ProblemList {
  readonly #listed: Problem[] = [];
  readonly #key: string;
  #others = 0;

  /** @param key The key of the databag that the problems are about. */
  constructor(key: string) {
    this.#key = key;
  }

  /** Whether further problems are counted alone, so that nobody needs to find out what they are. */
  get isFull(): boolean {
    return this.#listed.length >= maxListedProblems;
  }

  /** Adds a problem. It is made only if it is listed. */
  add(make: () => Problem): void {
    if (this.isFull) this.count();
    else this.#listed.push(make());
  }

  /** Counts a problem that is not listed. */
  count(): void {
    this.#others += 1;
  }

  /** Adds problems that are few. */
  addAll(problems: readonly Problem[]): void {
    for (const problem of problems) this.add(() => problem);
  }

  /** The problems, with one at the end that says how many there are besides. */
  get all(): readonly Problem[] {
    if (this.#others === 0) return this.#listed;
    const problem = {
      field: this.#key,
      message: `${this.#key} has ${this.#others} more problems, which are not listed.`,
      remedy: "Correct those that are listed first.",
    };
    return [...this.#listed, problem];
  }
}
