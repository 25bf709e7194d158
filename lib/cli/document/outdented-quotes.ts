/**
 * Strings in quotes whose lines are not indented beneath their key. The specification of YAML does not allow them, the
 * reader that Juju uses does, and the interface's own examples are written so.
 *
 * @module
 */

/** A text with such lines indented. */
export interface Indented {
  readonly text: string;
  /** Where in the text as it was an offset in this one is. */
  readonly original: (offset: number) => number;
}

const opening = /^([ \t]*(?:- +)*)[^\s'"#][^'"#]*:[ \t]+(['"])/;

/** Indents such lines, which changes nothing of what the strings say; undefined where there are none. */
export function indentQuotes(text: string): Indented | undefined {
  const lines = text.split("\n");
  const added: { readonly at: number; readonly count: number }[] = [];
  let quote = "";
  let keyColumn = 0;
  let at = 0;
  for (const [index, line] of lines.entries()) {
    let rest = line;
    if (quote === "") {
      const opened = opening.exec(line);
      quote = opened?.[2] ?? "";
      keyColumn = opened?.[1]?.length ?? 0;
      rest = line.slice(opened?.[0].length ?? line.length);
    } else if (line.trim() !== "") {
      const count = keyColumn + 1 - (line.length - line.trimStart().length);
      if (count > 0) {
        lines[index] = " ".repeat(count) + line;
        added.push({ at, count });
        at += count;
      }
    }
    if (quote !== "" && closes(rest, quote)) quote = "";
    at += line.length + 1;
  }
  if (added.length === 0) return undefined;
  return { text: lines.join("\n"), original: (offset) => originalOf(offset, added) };
}

function closes(text: string, quote: string): boolean {
  // What stands for a quote inside of the string does not end it.
  const ends = quote === "'" ? text.replaceAll("''", "") : text.replaceAll(/\\./g, "");
  return ends.includes(quote);
}

function originalOf(
  offset: number,
  added: readonly { readonly at: number; readonly count: number }[],
): number {
  let inserted = 0;
  for (const { at, count } of added) {
    if (at >= offset) break;
    inserted += Math.min(count, offset - at);
  }
  return offset - inserted;
}
