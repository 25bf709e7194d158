/**
 * Reads a text as JSON, or tells all places where it is none, as far as it can be said what it would be without them.
 *
 * @module
 */
import { findJsonFault } from "../../wire/json-fault.ts";
import { stringEnd } from "./json-scan.ts";

/** A place where a text is not JSON. */
export interface JsonFaultPlace {
  /** Counted in UTF-16 code units from 0. */
  readonly position: number;
  /** What is wrong there, without a full stop. */
  readonly cause: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

/** How many faults of a text are told. */
const maxFaults = 10;

/** How deeply values may be nested. Those of a databag are by four. */
const maxDepth = 10_000;

/** What a text says, or where it is not JSON. */
export type ParsedJson = { readonly value: unknown } | { readonly faults: readonly JsonFaultPlace[] };

/** Reads a text as JSON. What is nested so deeply that it would take gigabytes is refused. */
export function parseJson(json: string): ParsedJson {
  const tooDeep = findDepth(json);
  if (tooDeep !== undefined) {
    const cause = `values are nested more than ${maxDepth} levels deep`;
    return { faults: [{ position: tooDeep, cause, remedy: "Write the value with a JSON library." }] };
  }
  try {
    return { value: JSON.parse(json) };
  } catch {
    // What JSON.parse throws quotes the text, which may hold credentials.
    return { faults: findJsonFaults(json) };
  }
}

/** Where a text is nested too deeply. What stands in strings, and whether it is JSON, does not matter for that. */
function findDepth(json: string): number | undefined {
  if (json.length <= maxDepth) return undefined;
  let depth = 0;
  for (let position = 0; position < json.length; position += 1) {
    const character = json[position];
    if (character === '"') position = stringEnd(json, position) - 1;
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > maxDepth) return position;
  }
  return undefined;
}

/**
 * Finds where a text is not JSON: whoever forgets a comma forgets another. The search goes on behind commas that are
 * missing or too many, and ends at any other fault.
 */
function findJsonFaults(json: string): readonly JsonFaultPlace[] {
  const faults: JsonFaultPlace[] = [];
  let text = json;
  let inserted = 0;
  while (faults.length < maxFaults) {
    const fault = findJsonFault(text);
    if (fault === undefined) break;
    const { position, cause, remedy, comma } = fault;
    faults.push({ position: position - inserted, cause, remedy });
    if (comma === undefined) break;
    const behind = text.slice(comma === "missing" ? position : position + 1);
    text = `${text.slice(0, position)}${comma === "missing" ? "," : " "}${behind}`;
    inserted += comma === "missing" ? 1 : 0;
  }
  return faults;
}
