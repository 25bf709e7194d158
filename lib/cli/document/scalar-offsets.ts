/**
 * Follows a string of JSON or YAML from what it says back to how it is written: escapes, doubled quotes, folded lines
 * and indentation take more characters than they say.
 *
 * @module
 */

/** How a string is written. Another way than these cannot be followed. */
export type ScalarStyle = "double-quoted" | "single-quoted" | "plain" | "literal";

/** A string as it stands in a text. */
export interface WrittenScalar {
  readonly text: string;
  /** Where it begins in the text: at its quote, or at the `|` of a literal. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  readonly style: ScalarStyle;
  /** What it says. */
  readonly value: string;
}

/**
 * Finds where characters of a string are written, in one walk.
 *
 * @param wanted Offsets in what the string says, in rising order.
 * @returns Offsets in the text, in the same order; undefined from where the string could not be followed.
 */
export function writtenOffsets(
  scalar: WrittenScalar,
  wanted: readonly number[],
): readonly (number | undefined)[] {
  const { value } = scalar;
  const offsets: (number | undefined)[] = [];
  let said = 0;
  for (const step of stepsOf(scalar)) {
    // A step that says several characters, or none, is where each of them is written.
    while (offsets.length < wanted.length && (wanted[offsets.length] ?? 0) < said + step.says.length) {
      offsets.push(step.at);
    }
    if (offsets.length === wanted.length) return offsets;
    if (!value.startsWith(step.says, said)) return padded(offsets, wanted.length);
    said += step.says.length;
  }
  // Just behind its last character.
  while (said === value.length && wanted[offsets.length] === said) offsets.push(scalar.end - 1);
  return padded(offsets, wanted.length);
}

function padded(offsets: (number | undefined)[], length: number): readonly (number | undefined)[] {
  while (offsets.length < length) offsets.push(undefined);
  return offsets;
}

/** A few characters of the text, and what they say. */
interface Step {
  readonly at: number;
  readonly says: string;
}

function stepsOf(scalar: WrittenScalar): Iterable<Step> {
  return scalar.style === "literal" ? literalSteps(scalar) : flowSteps(scalar);
}

const blanks = /[ \t\r\n]*/y;
const escape = /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|[\s\S])/y;
const named: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "0": "\0",
  a: "\u0007",
  v: "\v",
  e: "\u001b",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
};

function* flowSteps({ text, start, end, style }: WrittenScalar): Generator<Step> {
  const quotes = style === "plain" ? 0 : 1;
  const last = end - quotes;
  let at = start + quotes;
  // Blanks before it are known to be followed by no line break, so that none of them is looked at twice.
  let plainBefore = at;
  while (at < last) {
    const character = text.charAt(at);
    if (at >= plainBefore && isBlank(character)) {
      const folded = matched(blanks, text, at);
      const breaks = folded.split("\n").length - 1;
      if (breaks > 0) {
        yield { at, says: breaks === 1 ? " " : "\n".repeat(breaks - 1) };
        at += folded.length;
        continue;
      }
      plainBefore = at + folded.length;
    }
    if (style === "double-quoted" && character === "\\") {
      const escaped = matched(escape, text, at);
      yield { at, says: unescaped(escaped) };
      at += Math.max(1, escaped.length);
    } else {
      yield { at, says: character };
      at += style === "single-quoted" && character === "'" ? 2 : 1;
    }
  }
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

function matched(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

function unescaped(escaped: string): string {
  const kind = escaped.charAt(1);
  if (/^[uxU]$/.test(kind) && escaped.length > 2) {
    const code = Number.parseInt(escaped.slice(2), 16);
    return code > 0x10_ff_ff ? "" : String.fromCodePoint(code);
  }
  return kind === "\n" || kind === "\r" ? "" : (named[kind] ?? kind);
}

function* literalSteps({ text, start, end }: WrittenScalar): Generator<Step> {
  let at = text.indexOf("\n", start) + 1;
  if (at === 0) return;
  const indent = /^(?:[ \t]*\r?\n)*( *)/.exec(text.slice(at, end))?.[1]?.length ?? 0;
  while (at < end) {
    const lineEnd = text.indexOf("\n", at);
    const next = lineEnd < 0 || lineEnd >= end ? end : lineEnd;
    const content = text.slice(at, next).replace(/\r$/, "");
    const indented = content.slice(0, indent).trim() === "" ? Math.min(indent, content.length) : 0;
    for (let column = indented; column < content.length; column += 1) {
      yield { at: at + column, says: content.charAt(column) };
    }
    if (next < end) yield { at: next, says: "\n" };
    at = next + 1;
  }
}
