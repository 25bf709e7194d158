/**
 * A databag in a file: as JSON, in one of the shapes in which it is found.
 *
 * @module
 */
import type { Databag } from "../juju/juju.ts";
import { findJsonFault } from "../wire/json-fault.ts";
import { isObject } from "../wire/list-value.ts";

/** A databag, or why a text is none. */
export type ReadDatabag =
  { readonly databag: Databag } | { readonly unreadable: string; readonly remedy: string };

/**
 * Reads a databag: an object of its keys, or the list of `jobs` alone. A value that is not a string stands for its JSON,
 * as which it is in the databag.
 */
export function readDatabagText(text: string): ReadDatabag {
  const fault = findJsonFault(text);
  if (fault !== undefined) {
    const { line, column, cause, remedy } = fault;
    return { unreadable: `not JSON: at line ${line}, column ${column}, ${cause}.`, remedy };
  }
  const content: unknown = JSON.parse(text);
  if (Array.isArray(content)) return { databag: { jobs: text } };
  if (!isObject(content)) {
    return {
      unreadable: "neither an object nor a list.",
      remedy: "Give a databag as a JSON object of its keys, or the list of its jobs.",
    };
  }
  const values = Object.entries(content).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { databag: Object.fromEntries(values) };
}
