/**
 * Values that are to be JSON and are not.
 *
 * @module
 */
import type { Side } from "../../wire/side.ts";
import type { JsonFaultPlace } from "../document/parse-json.ts";
import type { DatabagFinding } from "./findings.ts";

/** Words what is wrong with the value of a key. */
export function jsonFindings(
  key: string,
  faults: readonly JsonFaultPlace[],
  said: { readonly section: string; readonly side: Side | undefined },
): readonly DatabagFinding[] {
  return faults.map(({ position, cause, remedy }) => ({
    ...said,
    rule: "json",
    place: { path: [key], part: "value", within: position },
    field: key,
    message: `${key} is not JSON: ${cause}.`,
    expected: "a list in JSON",
    remedy,
  }));
}
