/**
 * Words what a generated validator finds: the field, what it is, what was expected, what to do.
 *
 * @module
 */
import { backupTypes } from "../job/request.ts";
import { endPhases, phasesAtWork, phasesBeforeStart } from "../job/phase.ts";
import type { Problem } from "./problem.ts";
import { alternatives, fieldPath, kindOf, quoted, secretFields, shown } from "./received.ts";
import type { ValidationError, Validator } from "./validator.ts";

/** A problem with a field of a job or of another item. */
export interface Finding extends Problem {
  /** The path inside the item, for example `["storage-config", "bucket"]`. */
  readonly path: readonly (string | number)[];
  readonly kind: "missing" | "unknown" | "wrong";
  /** What was expected there, as messages say it. */
  readonly expected: string;
}

const time = "a time as RFC 3339 in UTC";
const filled = "a string that is not blank";
const strings = "a list of strings";
const wholeNumber = "a whole number of at least 0";
const numberFromOne = "a whole number of at least 1";

/** What is expected of a field; of the fields that are not named, a string. */
const expectations: Readonly<Record<string, string>> = {
  "job-type": alternatives(["backup", "restore"]),
  compression: "true or false",
  "storage-interface": alternatives(["s3"]),
  "tls-ca-chain": strings,
  attributes: strings,
  "s3-api-version": "2 or 4",
  status: alternatives(["running", "success", "error"]),
  "backup-type": alternatives(backupTypes),
  type: alternatives(backupTypes),
  "restore-to-time": `a time as RFC 3339 with an offset, or "latest"`,
  "restore-timeline": numberFromOne,
  "discard-old-data": "true, or no such field",
  cancel: "true, or no such field",
  "requested-at": time,
  "start-before": time,
  "started-at": time,
  "finished-at": time,
  full: numberFromOne,
  days: numberFromOne,
  name: filled,
  slot: filled,
  reason: filled,
  "backup-id": filled,
  position: numberFromOne,
  "secret-extra": "the URI of a Juju secret",
  phase: alternatives([...phasesBeforeStart, ...phasesAtWork, ...endPhases]),
  percent: "a number from 0 to 100",
  "bytes-done": wholeNumber,
  "bytes-total": wholeNumber,
  "size-bytes": wholeNumber,
  timeline: wholeNumber,
  fence: wholeNumber,
  "lib-version": "MAJOR.MINOR",
};

/** The fields that hold others. A string in their place may be such an object in JSON, keys included: never shown. */
const objects: Readonly<Record<string, string>> = {
  "job-config": "an object",
  "storage-config": "an object",
  schedule: "an object",
  progress: "an object",
  retention: `an object with either "full" or "days"`,
};

/** What an object that allows no other fields allows. */
const onlyFields: Readonly<Record<string, string>> = {
  "job-config": alternatives(["compression"]),
  retention: alternatives(["full", "days"]),
};

/** Says what is expected of a field, by its own name. */
export function expectationOf(field: string): string {
  return objects[field] ?? expectations[field] ?? "a string";
}

/** What came of checking an item: the item, if it has the type of the schema, or what is wrong with it. */
export interface Checked<T> {
  readonly valid: T | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Checks an item and words what is wrong with it: one finding for each field, in the schema's order.
 *
 * @param name what messages call the item, for example `jobs[2]`
 */
export function check<T>(validator: Validator<T>, item: unknown, name: string): Checked<T> {
  if (validator(item)) return { valid: item, findings: [] };
  const errors = validator.errors ?? [];
  const findings = new Map<string, Finding>();
  for (const error of errors) {
    // A `oneOf` that fails repeats, in general words, what its branch has said.
    if (error.keyword === "oneOf" && errors.length > 1) continue;
    const finding = wordError(error, item, name);
    if (!findings.has(finding.field)) findings.set(finding.field, finding);
  }
  return { valid: undefined, findings: [...findings.values()] };
}

/** A finding as those see it who do not know the item. */
export function problemOf({ field, message, remedy }: Finding): Problem {
  return { field, message, remedy };
}

function wordError(error: ValidationError, item: unknown, name: string): Finding {
  const path = error.instancePath.split("/").slice(1).map(unescapeSegment);
  const { missingProperty, additionalProperty } = error.params;
  if (error.keyword === "type" && path.length === 0) {
    return {
      ...located(path, name, "wrong", "an object"),
      message: `${name} is ${kindOf(item)}; expected an object.`,
      remedy: `Write ${name} as an object.`,
    };
  }
  if (error.keyword === "required") {
    path.push(String(missingProperty));
    const expected = expectationOf(fieldName(path));
    return {
      ...located(path, name, "missing", expected),
      message: `${fieldPath(name, path)} is missing; expected ${expected}.`,
      remedy: `Set ${fieldPath("", path)} to ${expected}.`,
    };
  }
  if (error.keyword === "additionalProperties") {
    const only = onlyFields[fieldName(path)] ?? "what the interface has";
    path.push(String(additionalProperty));
    return {
      ...located(path, name, "unknown", `nothing but ${only}`),
      message: `${fieldPath(name, path)} is not known; expected nothing but ${only}.`,
      remedy: `Remove ${fieldPath("", path)}.`,
    };
  }
  const field = fieldName(path);
  const expected = typeof path.at(-1) === "number" ? "a string" : expectationOf(field);
  return {
    ...located(path, name, "wrong", expected),
    message: `${fieldPath(name, path)} is ${found(error, field, valueAt(item, path))}; expected ${expected}.`,
    remedy: `Set ${fieldPath("", path)} to ${expected}.`,
  };
}

function located(
  path: readonly (string | number)[],
  name: string,
  kind: Finding["kind"],
  expected: string,
): Pick<Finding, "path" | "field" | "kind" | "expected"> {
  return { path, field: fieldPath(name, path), kind, expected };
}

function found(error: ValidationError, field: string, value: unknown): string {
  if (error.keyword === "minProperties") return "an empty object";
  if (error.keyword === "maxProperties") return "an object with both";
  return field in objects || secretFields.has(field) ? kindOf(value) : shown(value);
}

/** The name of the field that a path leads to; of an item of a list, the list's name. */
function fieldName(path: readonly (string | number)[]): string {
  return path.findLast((segment) => typeof segment === "string") ?? "";
}

function unescapeSegment(segment: string): string | number {
  return /^\d+$/.test(segment) ? Number(segment) : segment.replaceAll("~1", "/").replaceAll("~0", "~");
}

function valueAt(item: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, segment) => {
    const inner: unknown =
      typeof value === "object" && value !== null ? Reflect.get(value, segment) : undefined;
    return inner;
  }, item);
}

/** Words a finding about a text that the schema accepts and its meaning refuses. */
export function refused(name: string, field: string, value: string): Finding {
  const expected = expectationOf(field);
  return {
    ...located([field], name, "wrong", expected),
    message: `${name}.${field} is ${quoted(value)}, which is no day of the calendar; expected ${expected}.`,
    remedy: `Set ${field} to ${expected}.`,
  };
}
