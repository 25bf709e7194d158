/**
 * Finds where a text stops being JSON. The messages of `JSON.parse` differ between versions of Node.js, often lack the
 * position, and quote the text around it, where credentials may stand.
 *
 * @module
 */

/** Where and why a text is not JSON. Shows nothing of the text but single punctuation characters. */
export interface JsonFault {
  /** Counted in UTF-16 code units from 0. */
  readonly position: number;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** What is wrong there, without a full stop. */
  readonly cause: string;
  /** One imperative sentence. */
  readonly remedy: string;
  /** Which comma is missing there, or is one too many, where that is all that is wrong there. */
  readonly comma?: "missing" | "trailing";
}

type Expected = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" | "nothing";

const wanted: Readonly<Record<Expected, string>> = {
  value: "a value",
  "value or end": "a value or ]",
  key: "a name in double quotes",
  "key or end": "a name in double quotes or }",
  colon: "a colon",
  "comma or end": "a comma or the end",
  nothing: "nothing",
};

type Finding = Omit<JsonFault, "line" | "column">;

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Finds the first place where a text is not JSON; undefined where it is. */
export function findJsonFault(json: string): JsonFault | undefined {
  const finding = scan(json);
  if (finding === undefined) return undefined;
  const before = json.slice(0, finding.position);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { ...finding, line: before.split("\n").length, column: finding.position - lineStart + 1 };
}

// A loop with a stack of its own: garbage may be nested deeper than calls can be.
function scan(json: string): Finding | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let position = 0;
  let comma = 0;
  const afterValue = (): Expected => (open.length === 0 ? "nothing" : "comma or end");

  for (;;) {
    while (isBlank(json[position])) position += 1;
    const next = json[position];
    if (next === undefined) return expected === "nothing" ? undefined : endsEarly(position, open);
    const closes = next === (open.at(-1) === "{" ? "}" : "]") && open.length > 0;

    if (closes && (expected.endsWith("or end") || (expected !== "colon" && json[comma] === ","))) {
      if (!expected.endsWith("or end")) {
        if (!onlyBlankBetween(json, comma, position)) return unexpected(json, position, expected);
        return trailingComma(comma, next);
      }
      open.pop();
      expected = afterValue();
      position += 1;
    } else if (expected === "comma or end") {
      if (next !== ",") return missingComma(json, position);
      comma = position;
      expected = open.at(-1) === "{" ? "key" : "value";
      position += 1;
    } else if (expected === "colon") {
      if (next !== ":") return unexpected(json, position, expected);
      expected = "value";
      position += 1;
    } else if (expected === "key" || expected === "key or end") {
      const end = stringEnd(json, position);
      if (end === undefined) return unexpected(json, position, expected);
      position = end;
      expected = "colon";
    } else if (expected === "nothing") {
      return { position, cause: "something follows after its end", remedy: "Remove what follows." };
    } else if (next === "{" || next === "[") {
      open.push(next);
      expected = next === "{" ? "key or end" : "value or end";
      position += 1;
    } else {
      const end = next === '"' ? stringEnd(json, position) : matchEnd(scalar, json, position);
      if (end === undefined) return unexpected(json, position, expected);
      position = end;
      expected = afterValue();
    }
  }
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}

// Not one regular expression: its stack does not hold a string of megabytes.
function stringEnd(json: string, start: number): number | undefined {
  if (json[start] !== '"') return undefined;
  let position = start + 1;
  for (;;) {
    const character = json[position];
    if (character === '"') return position + 1;
    if (character === undefined || character < " ") return undefined;
    const end = character === "\\" ? matchEnd(escape, json, position) : position + 1;
    if (end === undefined) return undefined;
    position = end;
  }
}

function matchEnd(pattern: RegExp, json: string, position: number): number | undefined {
  pattern.lastIndex = position;
  return pattern.test(json) ? pattern.lastIndex : undefined;
}

function onlyBlankBetween(json: string, comma: number, position: number): boolean {
  return json.slice(comma + 1, position).trim() === "";
}

function endsEarly(position: number, open: readonly string[]): Finding {
  const cause = open.length === 0 ? "it holds no value" : `it ends before ${open.at(-1)} is closed`;
  return { position, cause, remedy: "Write the value to its end." };
}

function trailingComma(position: number, closing: string): Finding {
  return {
    position,
    cause: `a comma stands before ${closing}`,
    remedy: "Remove that comma.",
    comma: "trailing",
  };
}

function missingComma(json: string, position: number): Finding {
  if (!/["{[\w-]/.test(json.charAt(position))) return unexpected(json, position, "comma or end");
  const cause = "a comma is missing before this place";
  return { position, cause, remedy: "Insert the missing comma.", comma: "missing" };
}

function unexpected(json: string, position: number, expected: Expected): Finding {
  const character = json.charAt(position);
  if (character === "'") {
    return {
      position,
      cause: "a single quote stands here",
      remedy: "Put texts in double quotes, as a JSON library does.",
    };
  }
  if (character === '"') {
    const cause = "a string here has no end, or holds a control character or an unknown escape";
    return { position, cause, remedy: "Write the string as a JSON library does." };
  }
  const found = /[[\]{}:,]/.test(character) ? `${character} stands here` : "something else stands here";
  return {
    position,
    cause: `${wanted[expected]} was expected, but ${found}`,
    remedy: "Write the value with a JSON library.",
  };
}
