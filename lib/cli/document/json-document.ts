/**
 * A text that is JSON.
 *
 * @module
 */
import type { Unreadable } from "../input-text.ts";
import type { Document, Looked, Place } from "./document.ts";
import { scanJson, stringEnd } from "./json-scan.ts";
import { parseJson, type JsonFaultPlace } from "./parse-json.ts";
import type { WrittenScalar } from "./scalar-offsets.ts";
import { spotsOf } from "./spots.ts";
import { textPosition } from "./text-position.ts";

/** A text that is not JSON, with all places where it is not. */
export interface BrokenJson extends Unreadable {
  readonly faults: readonly JsonFaultPlace[];
}

/** Reads a text as JSON. */
export function readJson(text: string): Document | BrokenJson {
  const parsed = parseJson(text);
  if ("faults" in parsed) return { ...unreadable(text, parsed.faults), faults: parsed.faults };
  const { value } = parsed;
  return { value, look: (places) => look(text, places) };
}

function unreadable(text: string, faults: readonly JsonFaultPlace[]): Unreadable {
  const { position = 0, cause = "something is wrong", remedy = "Write JSON." } = faults[0] ?? {};
  const place = textPosition(text, position);
  return {
    unreadable: `not JSON: at line ${place.line}, column ${place.column}, ${cause}.`,
    remedy,
    place,
  };
}

function look(text: string, places: readonly Place[]): Looked {
  const { found, repeatedKeys } = scanJson(
    text,
    places.map(({ path }) => path),
  );
  const written = found.map(({ key, value, complete }, index) => ({
    offset: complete && places[index]?.part === "key" ? key : value,
    scalar: () => (text[value] === '"' ? stringAt(text, value) : undefined),
  }));
  return { spots: spotsOf(places, written), repeatedKeys };
}

function stringAt(text: string, start: number): WrittenScalar {
  const end = stringEnd(text, start);
  return { text, start, end, style: "double-quoted", value: String(JSON.parse(text.slice(start, end))) };
}
