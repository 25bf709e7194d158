/**
 * The output formats of the hook tools, written as Go writes them.
 *
 * @module
 */
import { stringify } from "yaml";

/** The formats that `--format` takes. */
export const formats: readonly string[] = ["json", "smart", "yaml"];

/**
 * Prints a value: what JSON can hold, of which a plain object is a Go map, whose keys are sorted; and Maps, which are
 * Go structs, whose keys stand in their order. What is nothing prints nothing, except as JSON.
 */
export function printValue(value: unknown, format: string): string {
  if (format === "json") return `${goJson(value)}\n`;
  if (value === null) return "";
  if (format === "yaml") return goYaml(value);
  if (typeof value === "string") return value === "" ? "" : `${value}\n`;
  if (typeof value === "boolean") return value ? "True\n" : "False\n";
  if (typeof value === "number") return `${String(value)}\n`;
  if (Array.isArray(value)) {
    const lines = value.map(String).join("\n");
    return lines === "" ? "" : `${lines}\n`;
  }
  return goYaml(value);
}

const escapes: Readonly<Record<string, string>> = {
  "<": String.raw`\u003c`,
  ">": String.raw`\u003e`,
  "&": String.raw`\u0026`,
  "\u2028": String.raw`\u2028`,
  "\u2029": String.raw`\u2029`,
};

// Without the flag u, which would not find a half of a pair.
const surrogates = /[\ud800-\udfff]/;
const special = /[<>&\u2028\u2029]/u;

/** Writes JSON as Go does: compact, keys of maps sorted, and what is special in HTML escaped. */
export function goJson(value: unknown): string {
  const json = JSON.stringify(ordered(value));
  return special.test(json)
    ? json.replaceAll(/[<>&\u2028\u2029]/gu, (found) => escapes[found] ?? found)
    : json;
}

function goYaml(value: unknown): string {
  return stringify(ordered(value), { indentSeq: false, lineWidth: 0, version: "1.1" });
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [key, ordered(each)]));
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length < 2) {
    const [key] = keys;
    const [only]: unknown[] = Object.values(value);
    return key === undefined || typeof only !== "object" ? value : { [key]: ordered(only) };
  }
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => compareBytes(a, b))
      .map(([key, each]) => [key, ordered(each)]),
  );
}

/** Compares as UTF-8, which is the order of code points; that of UTF-16 differs from it only among surrogates. */
function compareBytes(a: string, b: string): number {
  if (surrogates.test(a) || surrogates.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
