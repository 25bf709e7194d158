/**
 * Traces as text: a JSON object on each line.
 *
 * @module
 */
import { isObject } from "../../wire/list-value.ts";
import type { Trace, TraceEntry } from "./trace.ts";

/** Writes a trace. */
export function encodeTrace(trace: Trace): string {
  return trace.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

const kinds: ReadonlySet<string> = new Set([
  "start",
  "databags",
  "leader",
  "left",
  "hook",
  "call",
  "storage",
  "asked",
  "told",
  "status",
  "settled",
  "step",
] satisfies TraceEntry["kind"][]);

/** Whether a text is a trace: its first line is an entry. */
export function isTrace(text: string): boolean {
  const end = text.indexOf("\n");
  return readEntry(end < 0 ? text : text.slice(0, end)) !== undefined;
}

/** Reads a trace, as this command has written it; or says which line is no entry. */
export function decodeTrace(text: string): Trace | { readonly faultyLine: number } {
  const trace: TraceEntry[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const entry = readEntry(line);
    if (entry === undefined) return { faultyLine: index + 1 };
    trace.push(entry);
  }
  return trace;
}

function readEntry(line: string): TraceEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value) || typeof value["at"] !== "string") return undefined;
  return typeof value["kind"] === "string" && kinds.has(value["kind"]) ? (value as unknown as TraceEntry) : undefined;
}
