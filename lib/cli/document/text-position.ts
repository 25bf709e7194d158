/**
 * Lines and columns of offsets in a text.
 *
 * @module
 */

/** A position as editors show it. */
export interface TextPosition {
  /** Counted from 1. */
  readonly line: number;
  /** Counted in UTF-16 code units from 1. */
  readonly column: number;
}

/** The position of an offset. */
export function textPosition(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** The positions of some offsets, in one pass over the text. */
export function textPositions(text: string, offsets: readonly number[]): readonly TextPosition[] {
  const order = offsets.map((_, index) => index).toSorted((a, b) => (offsets[a] ?? 0) - (offsets[b] ?? 0));
  const positions: TextPosition[] = [];
  let line = 1;
  let lineStart = 0;
  for (const index of order) {
    const offset = offsets[index] ?? 0;
    for (let end = text.indexOf("\n", lineStart); end >= 0 && end < offset;) {
      line += 1;
      lineStart = end + 1;
      end = text.indexOf("\n", lineStart);
    }
    positions[index] = { line, column: offset - lineStart + 1 };
  }
  return positions;
}
