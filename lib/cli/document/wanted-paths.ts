/**
 * Paths that are looked for, as a tree, so that one walk over a value finds them all.
 *
 * @module
 */
import type { Path } from "./document.ts";

/** A step of the paths that are looked for. */
export class WantedPaths {
  readonly #next = new Map<string | number, WantedPaths>();
  /** The indexes of the paths that end here. */
  readonly ending: number[] = [];
  /** The indexes of the paths that end here or go on. */
  readonly all: number[] = [];

  /** The tree of some paths. */
  static of(paths: readonly Path[]): WantedPaths {
    const root = new WantedPaths();
    for (const [index, path] of paths.entries()) root.#add(index, path, 0);
    return root;
  }

  #add(index: number, path: Path, depth: number): void {
    this.all.push(index);
    const segment = path[depth];
    if (segment === undefined) {
      this.ending.push(index);
      return;
    }
    const next = this.#next.get(segment) ?? new WantedPaths();
    this.#next.set(segment, next);
    next.#add(index, path, depth + 1);
  }

  /** The paths that go on with a segment. */
  after(segment: string | number): WantedPaths | undefined {
    return this.#next.get(segment);
  }
}
