/**
 * Texts from elsewhere, made fit for an admin's terminal: what would move its cursor, change its colours, break a table
 * or forge a line of the log is escaped.
 *
 * @module
 */

/** Control and format characters, lone surrogates, and the two separators that some programs take for line ends. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const maybeCredentials = /access.?key|secret.?key|secret.?extra/i;

/** A text on one line, with everything escaped that does not print. */
export function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

/** A text that may have several lines, with everything escaped that does not print. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (character) => (character === "\n" ? character : escaped(character)));
}

/** A text on one line, cut to a length, of which the mark of the cut is a part. */
export function shortened(text: string, length: number): string {
  // What is far beyond the cut need not be looked at: it may be megabytes.
  const line = printable(text.slice(0, length + 1));
  if (line.length <= length) return line;
  return `${line.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A job's id as messages and tables show it: in full unless it is longer than any that a sensible manager makes. */
export function shownId(id: string): string {
  return shortened(id, 64);
}

/** Whether a text looks as if it held credentials. Such a text is not shown. */
export function mayHoldCredentials(text: string): boolean {
  return maybeCredentials.test(text);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return names[character] ?? (code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`);
}
