/**
 * Traces as text: a JSON object on each line.
 *
 * @module
 */
import { isObject } from "../../wire/list-value.ts";
import { sides } from "../../wire/side.ts";
import type { Trace, TraceEntry } from "./trace.ts";

/** Writes a trace. */
export function encodeTrace(trace: Trace): string {
  return trace.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

/** Whether a text is meant as a trace: its first line is an object with a kind. */
export function looksLikeTrace(text: string): boolean {
  const end = text.indexOf("\n");
  const first = parse(end < 0 ? text : text.slice(0, end));
  return isObject(first) && typeof first["kind"] === "string";
}

/** Reads a trace; or says which line, counted from 1, is no entry of one. */
export function decodeTrace(text: string): Trace | { readonly faultyLine: number } {
  const trace: TraceEntry[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const value = parse(line);
    if (!isEntry(value)) return { faultyLine: index + 1 };
    trace.push(value);
  }
  return trace;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

type Is = (value: unknown) => boolean;

const text: Is = (value) => typeof value === "string";
const time: Is = (value) =>
  typeof value === "string" && /^(?:\d{4}-\d\d-\d\dT[\d:.]{5,20}[Z+\-\d:]{1,6})?$/.test(value);
const flag: Is = (value) => typeof value === "boolean";
const number: Is = (value) => typeof value === "number";
const texts: Is = (value) => Array.isArray(value) && value.every(text);
const strings: Is = (value) => isObject(value) && Object.values(value).every(text);
const party: Is = (value) =>
  isObject(value) &&
  text(value["application"]) &&
  strings(value["data"]) &&
  isObject(value["units"]) &&
  Object.values(value["units"]).every(strings);

function oneOf(...choices: readonly unknown[]): Is {
  return (value) => choices.includes(value);
}

function optional(is: Is): Is {
  return (value) => value === undefined || is(value);
}

const purpose = oneOf("backup", "restore", "list", "show", "clear");
const asked = { purpose, unit: text, job: optional(text), artefact: optional(text) };

/** What the fields of each kind have to be. */
const fields = {
  start: { side: optional(oneOf(...sides)), scenario: optional(text), observed: flag },
  databags: { provider: optional(party), requirer: optional(party) },
  leader: { application: text, unit: optional(text) },
  left: { unit: text },
  hook: {
    unit: text,
    hook: text,
    exitCode: optional(number),
    said: optional(text),
    injected: optional(oneOf("lost", "interrupted")),
    hung: optional(oneOf(true)),
  },
  call: {
    call: number,
    state: oneOf("began", "succeeded", "failed", "killed"),
    type: oneOf("backup", "restore"),
    unit: optional(text),
    jobs: texts,
    names: texts,
  },
  storage: { storage: strings },
  asked,
  told: { ...asked, done: flag, text },
  status: { unit: text, status: text, message: text },
  settled: { stillRuns: optional(oneOf(true)) },
  step: { text, repeats: optional(oneOf(true)) },
} satisfies Readonly<Record<TraceEntry["kind"], Readonly<Record<string, Is>>>>;

const byKind: ReadonlyMap<unknown, Readonly<Record<string, Is>>> = new Map(Object.entries(fields));

function isEntry(value: unknown): value is TraceEntry {
  if (!isObject(value) || !time(value["at"])) return false;
  const expected = byKind.get(value["kind"]);
  return expected !== undefined && Object.entries(expected).every(([name, is]) => is(value[name]));
}
