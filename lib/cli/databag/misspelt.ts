/**
 * Finds what a name that nobody knows may have been meant to be.
 *
 * @module
 */

const longest = 40;

/**
 * The known name that a name looks like: one that differs in case or in its dashes, or by a letter or two.
 *
 * @param known Those that may have been meant.
 */
export function looksLike(name: string, known: readonly string[]): string | undefined {
  if (name.length > longest) return undefined;
  const plain = plainName(name);
  const distances = known.map((candidate): readonly [string, number] => {
    const other = plainName(candidate);
    const most = other.length < 4 ? 0 : other.length < 8 ? 1 : 2;
    return [
      candidate,
      Math.abs(other.length - plain.length) > most ? Infinity : distance(plain, other) - most,
    ];
  });
  const [nearest] = distances.filter(([, above]) => above <= 0).toSorted(([, a], [, b]) => a - b);
  return nearest?.[0];
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, "");
}

/** How many letters must be inserted, left out, replaced or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
