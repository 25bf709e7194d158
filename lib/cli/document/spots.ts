/**
 * From where values are written to where the places are that were looked for, those inside of strings among them.
 *
 * @module
 */
import type { Place, Spot } from "./document.ts";
import { writtenOffsets, type WrittenScalar } from "./scalar-offsets.ts";

/** Where the value of a place is written. */
export interface Written {
  readonly offset: number;
  /** The string that the place is inside of; undefined if it cannot be followed. */
  readonly scalar: () => WrittenScalar | undefined;
}

interface Inside {
  readonly index: number;
  readonly within: number;
}

/** The spots of some places. Each string is walked once, whatever is looked for in it. */
export function spotsOf(places: readonly Place[], written: readonly Written[]): readonly Spot[] {
  const spots: Spot[] = [];
  const inside = new Map<number, Inside[]>();
  for (const [index, { within }] of places.entries()) {
    const offset = written[index]?.offset ?? 0;
    spots.push({ offset, exact: within === undefined });
    if (within === undefined) continue;
    const others = inside.get(offset) ?? [];
    inside.set(offset, others);
    others.push({ index, within });
  }
  for (const wanted of inside.values()) {
    const scalar = written[wanted[0]?.index ?? 0]?.scalar();
    if (scalar === undefined) continue;
    const ordered = wanted.toSorted((a, b) => a.within - b.within);
    const offsets = writtenOffsets(
      scalar,
      ordered.map(({ within }) => within),
    );
    for (const [position, { index }] of ordered.entries()) {
      const offset = offsets[position];
      if (offset !== undefined) spots[index] = { offset, exact: true };
    }
  }
  return spots;
}
