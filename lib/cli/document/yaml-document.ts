/**
 * A text that is YAML.
 *
 * @module
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  parseDocument,
  type Node,
  type Pair,
  type Scalar,
} from "yaml";
import { maxInputBytes, type Unreadable } from "../input-text.ts";
import { maxRepeatedKeys, type Document, type Path, type Place, type RepeatedKey } from "./document.ts";
import { indentQuotes } from "./outdented-quotes.ts";
import type { ScalarStyle } from "./scalar-offsets.ts";
import { spotsOf, type Written } from "./spots.ts";
import { textPosition } from "./text-position.ts";
import { causeOf, remedyOf } from "./yaml-faults.ts";

/** How many pieces a text may have: some hundred times those of what Juju prints, whose databags are strings. */
const maxTokens = 2_000_000;
/** How much a text may say with its aliases followed, in values and characters: as much as a text without any. */
const maxSaid = maxInputBytes;
const maxDepth = 100;

/** Reads a text as YAML. Aliases are followed, as far as what they make of the text stays within bounds. */
export function readYaml(text: string): Document | Unreadable {
  const read = readStrictly(text);
  if (!("unreadable" in read)) return read;
  const indented = indentQuotes(text);
  const again = indented === undefined ? read : readStrictly(indented.text);
  if (indented === undefined || "unreadable" in again) return read;
  const { original } = indented;
  return {
    value: again.value,
    look: (places) => {
      const { spots, repeatedKeys } = again.look(places);
      return {
        spots: spots.map((spot) => ({ ...spot, offset: original(spot.offset) })),
        repeatedKeys: repeatedKeys.map((key) => ({ ...key, offset: original(key.offset) })),
      };
    },
  };
}

function readStrictly(text: string): Document | Unreadable {
  if (!isBounded(text)) {
    return { unreadable: "YAML of too many parts.", remedy: "Give it as JSON, or in several files." };
  }
  // Repeated names are found by this reader: the library compares each name with all others.
  const parsed = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error" });
  const [error] = parsed.errors;
  if (error !== undefined) {
    const place = textPosition(text, error.pos[0]);
    return {
      unreadable: `not YAML: at line ${place.line}, column ${place.column}, ${causeOf(error.code)}.`,
      remedy: remedyOf(error.code),
      place,
    };
  }
  const { contents } = parsed;
  const walk = new YamlWalk();
  const said = walk.read(contents, [], 0);
  if (said === undefined) {
    return {
      unreadable: `YAML of which no use can be made: ${walk.refusal}.`,
      remedy: "Write the values out, or give the output of juju show-unit as it is.",
    };
  }
  return {
    value: said.value,
    look: (places) => ({
      spots: spotsOf(
        places,
        places.map((place) => walk.locate(contents, place, text)),
      ),
      repeatedKeys: walk.repeatedKeys,
    }),
  };
}

function isBounded(text: string): boolean {
  const tokens = new Lexer().lex(text);
  let count = 0;
  while (count < maxTokens && tokens.next().done !== true) count += 1;
  return count < maxTokens;
}

interface Said {
  readonly value: unknown;
  readonly size: number;
}

/** Turns nodes into what they say, and knows which of them an alias stands for. */
class YamlWalk {
  /** Why what was read is undefined. */
  refusal = "";
  readonly repeatedKeys: RepeatedKey[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #aliased = new Map<unknown, Node>();
  readonly #said = new Map<Node, Said>();

  /** What a node says; undefined where that cannot be told. */
  read(node: unknown, path: Path, depth: number): Said | undefined {
    if (depth > maxDepth) return this.#refuse("values are nested too deeply");
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) this.#aliased.set(node, target);
      const said = target === undefined ? undefined : this.#said.get(target);
      // What it is a part of has not been read either.
      return said ?? this.#refuse("an alias stands for nothing that was named before");
    }
    if (isNode(node) && "anchor" in node && typeof node.anchor === "string") {
      this.#anchors.set(node.anchor, node);
    }
    const said = this.#readNode(node, path, depth);
    if (said === undefined) return undefined;
    if (said.size > maxSaid) return this.#refuse("aliases make too much of it");
    if (isNode(node)) this.#said.set(node, said);
    return said;
  }

  #refuse(why: string): undefined {
    this.refusal = why;
    return undefined;
  }

  #readNode(node: unknown, path: Path, depth: number): Said | undefined {
    if (isScalar(node)) {
      const value = valueOf(node);
      return { value, size: typeof value === "string" ? value.length + 1 : 1 };
    }
    let size = 1;
    if (isSeq(node)) {
      const items: unknown[] = [];
      for (const [index, item] of node.items.entries()) {
        const said = this.read(item, [...path, index], depth + 1);
        if (said === undefined) return undefined;
        items.push(said.value);
        size += said.size;
      }
      return { value: items, size };
    }
    if (!isMap(node)) return { value: null, size };
    const entries = new Map<string, unknown>();
    for (const pair of node.items) {
      const name = nameOf(pair);
      const inner = [...path, name];
      if (entries.has(name) && this.repeatedKeys.length < maxRepeatedKeys) {
        this.repeatedKeys.push({ path: inner, offset: startOf(pair.key) ?? startOf(node) ?? 0 });
      }
      const said = this.read(pair.value, inner, depth + 1);
      if (said === undefined) return undefined;
      entries.set(name, said.value);
      size += said.size + name.length;
    }
    return { value: Object.fromEntries(entries), size };
  }

  /** Where a place is written, as far as its path leads to something. */
  locate(root: unknown, { path, part }: Place, text: string): Written {
    let node = root;
    let offset = startOf(root) ?? 0;
    let key = offset;
    let complete = true;
    for (const segment of path) {
      const target = this.#aliased.get(node) ?? node;
      const pair = isMap(target) ? target.items.findLast((item) => nameOf(item) === segment) : undefined;
      const inner = isSeq(target) && typeof segment === "number" ? target.items[segment] : pair?.value;
      if (pair === undefined && inner === undefined) {
        complete = false;
        break;
      }
      node = inner;
      key = startOf(pair?.key) ?? startOf(inner) ?? offset;
      offset = startOf(inner) ?? key;
    }
    const target = this.#aliased.get(node) ?? node;
    return { offset: complete && part === "key" ? key : offset, scalar: () => writtenScalar(target, text) };
  }
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function nameOf({ key }: Pair): string {
  if (!isScalar(key)) return "";
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

/** What JSON can say; of anything else, as it is written. */
function valueOf(node: Scalar): unknown {
  const { value, source } = node;
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  return typeof value === "number" && Number.isFinite(value) ? value : (source ?? "");
}

const styles: Readonly<Record<string, ScalarStyle>> = {
  QUOTE_DOUBLE: "double-quoted",
  QUOTE_SINGLE: "single-quoted",
  PLAIN: "plain",
  BLOCK_LITERAL: "literal",
};

function writtenScalar(node: unknown, text: string): ReturnType<Written["scalar"]> {
  if (!isScalar(node) || typeof node.value !== "string" || !Array.isArray(node.range)) return undefined;
  const style = styles[node.type ?? ""];
  const [start, end] = node.range;
  return style === undefined ? undefined : { text, start, end, style, value: node.value };
}
