/**
 * The file or standard input of `relation-set --file` and `state-set --file`.
 *
 * Juju does not read it as JSON but with go-yaml v2, into a map of strings. JSON that other parsers take is refused
 * there, or changed: what follows puts those rules in front of the parser of npm.
 *
 * @module
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
} from "yaml";
import { asMapping } from "../model/mapping.ts";
import { failed } from "./hook-tool.ts";

const printable = /^[\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const longestKey = 1024;

/** Reads a map of strings, failing with the words of go-yaml. */
export function readSettingsFile(text: string): Map<string, string> {
  return readPlainJson(text) ?? readYaml(text);
}

/** What a line of JSON may hold that YAML 1.1 reads in the same way, but for the escapes. */
const plain = /^[\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u;
const otherEscape = /\\(?:\/|u[dD][89a-fA-F])/u;
/** Written in escapes alone, such a key keeps within what YAML takes. */
const shortKey = 160;

/** Reads what JSON and go-yaml read alike: one line, a map of texts in quotes. Nothing where it may be something else. */
function readPlainJson(text: string): Map<string, string> | undefined {
  if (!text.startsWith("{") || !plain.test(text) || otherEscape.test(text)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const settings = new Map<string, string>();
  for (const [key, value] of Object.entries(asMapping(parsed) ?? {})) {
    if (typeof value !== "string" || key.length > shortKey) return undefined;
    settings.set(key, value);
  }
  return settings;
}

/** Reads the same as {@link readSettingsFile}, always as YAML. */
export function readYaml(text: string): Map<string, string> {
  if (!printable.test(text)) failed("yaml: control characters are not allowed");
  for (const token of new Lexer().lex(text)) {
    if (token.startsWith('"')) checkEscapes(token);
  }
  const lines = new LineCounter();
  // To YAML 1.1 the character U+0085 is a line break, which within quotes becomes a space.
  const [document] = parseAllDocuments(text.replaceAll("\u0085", "\n"), {
    schema: "failsafe",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  }) as Document.Parsed[];
  if (document === undefined) return new Map();
  const [error] = document.errors;
  if (error !== undefined) failed(`yaml: ${error.message}`);
  return readDocument(document, lines);
}

function readDocument(document: Document.Parsed, lines: LineCounter): Map<string, string> {
  const wrong: string[] = [];
  const refuse = (node: Node, into: string): void => {
    const line = node.range === undefined || node.range === null ? 1 : lines.linePos(node.range[0]).line;
    wrong.push(`line ${line}: cannot unmarshal ${describe(node)} into ${into}`);
  };
  const settings = new Map<string, string>();
  const root = document.contents;
  if (isMap(root)) {
    for (const { key, value } of root.items) {
      if (
        isScalar(key) &&
        key.range !== undefined &&
        key.range !== null &&
        key.range[1] - key.range[0] > longestKey
      ) {
        failed("yaml: did not find expected ',' or '}'");
      }
      const resolved = isAlias(value) ? (value.resolve(document) ?? null) : value;
      if (!isScalar(key)) refuse(key, "string");
      else if (resolved !== null && !isScalar(resolved)) refuse(resolved, "string");
      else settings.set(textOf(key), textOf(resolved));
    }
  } else if (root !== null && !(isScalar(root) && textOf(root) === "")) {
    refuse(root, "map[string]string");
  }
  if (wrong.length > 0) failed(`yaml: unmarshal errors:\n  ${wrong.join("\n  ")}`);
  return settings;
}

/** The text of a scalar as it was written: 1.50 stays "1.50", and only null becomes "". */
function textOf(node: Node | null): string {
  if (!isScalar(node)) return "";
  const text = typeof node.value === "string" ? node.value : "";
  return node.type === "PLAIN" && /^(?:~|null|Null|NULL)?$/u.test(text) ? "" : text;
}

function describe(node: Node): string {
  if (isMap(node)) return "!!map";
  if (isSeq(node)) return "!!seq";
  const text = isScalar(node) ? String(node.value) : "";
  return `${tagOf(node, text)} \`${text.length > 10 ? `${text.slice(0, 7)}...` : text}\``;
}

function tagOf(node: Node, text: string): string {
  if (isScalar(node) && node.type !== "PLAIN") return "!!str";
  if (/^[+-]?[0-9]+$/u.test(text)) return "!!int";
  if (/^[+-]?[0-9]*\.[0-9]+$/u.test(text)) return "!!float";
  return /^(?:true|false|yes|no|on|off)$/iu.test(text) ? "!!bool" : "!!str";
}

function checkEscapes(token: string): void {
  for (let index = 1; index < token.length; index += 1) {
    if (token[index] !== "\\") continue;
    index += 1;
    const escape = token.charAt(index);
    const digits = hexLengths[escape];
    if (digits === undefined) {
      if (!"0abt\tnvfre \"'\\N_LP\r\n".includes(escape)) failed("yaml: found unknown escape character");
      continue;
    }
    const hex = token.slice(index + 1, index + 1 + digits);
    if (hex.length < digits || !/^[0-9a-fA-F]+$/u.test(hex))
      failed("yaml: did not find expected hexdecimal number");
    const point = Number.parseInt(hex, 16);
    if ((point >= 0xd8_00 && point <= 0xdf_ff) || point > 0x10_ff_ff) {
      failed("yaml: found invalid Unicode character escape code");
    }
    index += digits;
  }
}
