/**
 * Walks over a text that is JSON and tells where its values stand. Reading the text as values forgets that.
 *
 * @module
 */
import { maxRepeatedKeys, type Path, type RepeatedKey } from "./document.ts";
import { WantedPaths } from "./wanted-paths.ts";

/** Where something stands in the text, counted in UTF-16 code units from 0. */
export interface Found {
  /** Where the field's name begins; of an item of a list, where the item does. */
  readonly key: number;
  readonly value: number;
  /** False where the path leads to nothing: then this is where the last thing on it stands that is there. */
  readonly complete: boolean;
}

interface Open {
  readonly closing: "}" | "]";
  readonly wanted: WantedPaths | undefined;
  /** Of an object, the names seen. */
  readonly names: Set<string> | undefined;
  segment: string | number;
  keyStart: number;
}

/** Finds the values at some paths, and the names that are repeated, in a text that is known to be JSON. */
export function scanJson(
  json: string,
  paths: readonly Path[],
): { readonly found: readonly Found[]; readonly repeatedKeys: readonly RepeatedKey[] } {
  const found: Found[] = paths.map(() => ({ key: 0, value: 0, complete: false }));
  const repeatedKeys: RepeatedKey[] = [];
  // A stack of its own: what is nested deeper than calls can be is JSON too.
  const stack: Open[] = [];
  const root = WantedPaths.of(paths);
  let position = 0;

  const note = (key: number, value: number, wanted: WantedPaths | undefined): void => {
    for (const index of wanted?.all ?? []) found[index] = { key, value, complete: false };
    for (const index of wanted?.ending ?? []) found[index] = { key, value, complete: true };
  };
  const open = (closing: "}" | "]", wanted: WantedPaths | undefined): void => {
    const names = closing === "}" ? new Set<string>() : undefined;
    stack.push({ closing, wanted, names, segment: closing === "}" ? "" : 0, keyStart: 0 });
    position += 1;
  };
  const readName = (top: Open): void => {
    const end = stringEnd(json, position);
    const raw = json.slice(position + 1, end - 1);
    top.segment = raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
    top.keyStart = position;
    if (top.names?.has(top.segment) === true && repeatedKeys.length < maxRepeatedKeys) {
      repeatedKeys.push({ path: stack.map(({ segment }) => segment), offset: position });
    }
    top.names?.add(top.segment);
    position = json.indexOf(":", end) + 1;
  };
  const readValue = (top: Open | undefined): void => {
    const wanted = top === undefined ? root : top.wanted?.after(top.segment);
    note(top?.names === undefined ? position : top.keyStart, position, wanted);
    const first = json[position];
    if (first === "{" || first === "[") open(first === "{" ? "}" : "]", wanted);
    else position = first === '"' ? stringEnd(json, position) : scalarEnd(json, position);
  };

  for (;;) {
    position = skipBlanks(json, position);
    const top = stack.at(-1);
    const next = json[position];
    if (next === undefined) return { found, repeatedKeys };
    if (next === top?.closing) {
      stack.pop();
      position += 1;
    } else if (next === ",") {
      if (typeof top?.segment === "number") top.segment += 1;
      position += 1;
    } else {
      if (top?.names !== undefined) {
        readName(top);
        position = skipBlanks(json, position);
      }
      readValue(top);
    }
  }
}

const blank = new Set([" ", "\n", "\r", "\t"]);

function skipBlanks(json: string, start: number): number {
  let position = start;
  while (blank.has(json[position] ?? "")) position += 1;
  return position;
}

const quote = 0x22;
const backslash = 0x5c;

/** Where a string that begins at a quote ends, behind its last quote. */
export function stringEnd(json: string, start: number): number {
  let position = start + 1;
  for (;;) {
    const code = json.charCodeAt(position);
    if (code === quote || Number.isNaN(code)) return position + 1;
    position += code === backslash ? 2 : 1;
  }
}

const scalar = /[^\s,\]}]*/y;

function scalarEnd(json: string, start: number): number {
  scalar.lastIndex = start;
  scalar.test(json);
  // Never to stand still, whatever the text is.
  return Math.max(scalar.lastIndex, start + 1);
}
