/**
 * All places where a text is not JSON, as far as it can be said what it would be without them.
 *
 * @module
 */
import { findJsonFault } from "../../wire/json-fault.ts";

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

/**
 * Finds where a text is not JSON: whoever forgets a comma forgets another. The search goes on behind commas that are
 * missing or too many, and ends at any other fault.
 */
export function findJsonFaults(json: string): readonly JsonFaultPlace[] {
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
