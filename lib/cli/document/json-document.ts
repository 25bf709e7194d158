/**
 * A text that is JSON.
 *
 * @module
 */
import { findJsonFault } from "../../wire/json-fault.ts";
import type { Unreadable } from "../input-text.ts";
import type { Document, Looked, Place } from "./document.ts";
import { scanJson, stringEnd } from "./json-scan.ts";
import type { WrittenScalar } from "./scalar-offsets.ts";
import { spotsOf } from "./spots.ts";

/** Reads a text as JSON. */
export function readJson(text: string): Document | Unreadable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What JSON.parse throws quotes the text, which may hold credentials.
    const { line = 1, column = 1, cause = "something is wrong", remedy = "" } = findJsonFault(text) ?? {};
    return {
      unreadable: `not JSON: at line ${line}, column ${column}, ${cause}.`,
      remedy,
      place: { line, column },
    };
  }
  return { value, look: (places) => look(text, places) };
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
