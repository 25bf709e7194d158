/**
 * Reads the values of databags that hold a JSON list, and the jobs in such a list.
 *
 * @module
 */
import type { Databag } from "../juju/juju.ts";
import { findJsonFault } from "./json-fault.ts";
import type { Problem } from "./problem.ts";
import type { ProblemList } from "./problem-list.ts";
import { kindOf, quoted, shown } from "./received.ts";

/** What a key of a databag holds. */
export interface ListValue {
  /** Whether the key has a value that is a list. */
  readonly present: boolean;
  readonly items: readonly unknown[];
  readonly problems: readonly Problem[];
}

/** Reads a key that holds a JSON list. An absent or blank value is no list and no problem. */
export function readList(databag: Databag, key: string): ListValue {
  const json = databag[key] ?? "";
  if (json.trim() === "") return { present: false, items: [], problems: [] };
  const parsed = parseJson(json);
  if (parsed.valid && Array.isArray(parsed.value))
    return { present: true, items: parsed.value, problems: [] };
  const problem = parsed.valid
    ? {
        field: key,
        message: `${key} holds ${kindOf(parsed.value)}; expected a list.`,
        remedy: `Write ${key} as a JSON list.`,
      }
    : notJson(key, json);
  return { present: false, items: [], problems: [problem] };
}

function parseJson(json: string): { valid: true; value: unknown } | { valid: false } {
  try {
    return { valid: true, value: JSON.parse(json) as unknown };
  } catch {
    // What JSON.parse throws quotes the text, which may hold credentials.
    return { valid: false };
  }
}

function notJson(key: string, json: string): Problem {
  const fault = findJsonFault(json);
  if (fault === undefined) {
    return {
      field: key,
      message: `${key} is not JSON.`,
      remedy: `Write ${key} with a JSON library.`,
    };
  }
  return {
    field: key,
    message: `${key} is not JSON: at line ${fault.line}, column ${fault.column}, ${fault.cause}.`,
    remedy: fault.remedy,
  };
}

/** A value of JSON that is an object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells whether a value of JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An item of `jobs` that has an id. */
export interface IdentifiedItem {
  readonly id: string;
  /** What messages call it, for example `jobs[2]`. */
  readonly name: string;
  readonly item: JsonObject;
}

/** Reads the items of `jobs` that have an id. */
export function readJobs(databag: Databag, problems: ProblemList): readonly IdentifiedItem[] {
  const list = readList(databag, "jobs");
  const items: IdentifiedItem[] = [];
  problems.addAll(list.problems);
  for (const [index, item] of list.items.entries()) {
    const name = `jobs[${index}]`;
    if (!isObject(item)) {
      problems.add(() => ({
        field: name,
        message: `${name} is ${kindOf(item)}; expected an object.`,
        remedy: "Write each job as an object.",
      }));
      continue;
    }
    const id = item["job-id"];
    if (typeof id === "string" && id !== "") {
      items.push({ id, name, item });
      continue;
    }
    problems.add(() => ({
      field: `${name}.job-id`,
      message: `${name}.job-id is ${id === undefined ? "missing" : shown(id)}; expected a string that is not empty.`,
      remedy: "Give each job an id of its own.",
    }));
  }
  return items;
}

/** Keeps the first item of each id; the others cannot be answered without overwriting the first one's answer. */
export function withoutDuplicates(
  items: readonly IdentifiedItem[],
  problems: ProblemList,
): readonly IdentifiedItem[] {
  const first = new Map<string, IdentifiedItem>();
  for (const item of items) {
    const counted = first.get(item.id);
    if (counted === undefined) {
      first.set(item.id, item);
      continue;
    }
    problems.add(() => ({
      field: `${item.name}.job-id`,
      message: `${item.name}.job-id is ${quoted(item.id)}, the id of ${counted.name}; only ${counted.name} counts.`,
      remedy: "Give each job an id of its own.",
    }));
  }
  return [...first.values()];
}
