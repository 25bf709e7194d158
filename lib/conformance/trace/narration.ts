/**
 * A trace in words: a line for each thing that happened, without credentials.
 *
 * @module
 */
import { isObject, readList } from "../../wire/list-value.ts";
import { stringAt } from "./field.ts";
import { visible, visibly } from "./visible.ts";
import type { Databags, HookEntry, Trace, TraceEntry } from "./trace.ts";

/** Something that happened, in words. */
export interface Told {
  readonly index: number;
  readonly at: string;
  readonly line: string;
  /** The job that it is about, if it is about one. */
  readonly job?: string;
}

/** A line before it is known when. */
interface Line {
  readonly line: string;
  readonly job?: string;
}

const longestId = 64;

/** Tells a trace. What changed nothing that anybody sees is left out. */
export function narrate(trace: Trace): readonly Told[] {
  let before: Databags | undefined;
  return trace.flatMap((entry, index) => {
    const lines =
      entry.kind === "databags"
        ? databagLines(before, entry)
        : lineOf(entry).map((line): Line => ({ line, ...jobOf(entry) }));
    if (entry.kind === "databags") before = entry;
    return lines.map((line) => ({ index, at: entry.at, ...line }));
  });
}

/** The part of a trace that leads up to an entry: the changes before it, without the hooks that changed nothing. */
export function narrateUpTo(trace: Trace, index: number, lines: number): readonly string[] {
  const told = narrate(trace.slice(0, index + 1)).map(({ line }) => line);
  return told.slice(-lines);
}

function jobOf(entry: TraceEntry): { readonly job?: string } {
  if (entry.kind === "call" && entry.jobs.length === 1) return { job: entry.jobs[0] ?? "" };
  return (entry.kind === "asked" || entry.kind === "told") && entry.job !== undefined
    ? { job: entry.job }
    : {};
}

function lineOf(entry: Exclude<TraceEntry, Databags>): readonly string[] {
  switch (entry.kind) {
    case "leader":
      return [
        entry.unit === undefined ? visibly`${entry.application} has no leader` : visibly`${entry.unit} leads`,
      ];
    case "left":
      return [visibly`${entry.unit} is gone`];
    case "hook":
      return hookLine(entry);
    case "call":
      return [
        `a ${entry.type} ${entry.state === "killed" ? "was killed" : entry.state}${entry.jobs.length === 1 ? ` for ${shownJob(entry.jobs[0] ?? "")}` : ""}${entry.unit === undefined ? "" : visibly` on ${entry.unit}`}`,
      ];
    case "storage":
      return [`the storage is the bucket ${visible(entry.storage["bucket"])}`];
    case "asked":
      return [
        `${visibly`the admin asks ${entry.unit}`}: ${entry.purpose}${entry.job === undefined ? "" : ` ${shownJob(entry.job)}`}`,
      ];
    case "told":
      return [visibly`${entry.unit} answers: ${entry.text}`];
    case "status":
      return [visibly`${entry.unit} is ${entry.status}: ${entry.message}`];
    case "step":
      return [visible(entry.text)];
    case "start":
    case "settled":
      return [];
  }
}

function hookLine({ unit, hook, exitCode, said, injected, hung }: HookEntry): readonly string[] {
  if (hung === true) return [visibly`${hook} of ${unit} does not end`];
  if (injected === "lost") return [visibly`${hook} of ${unit} is lost`];
  if (injected === "interrupted") return [visibly`${hook} of ${unit} is interrupted, and runs again`];
  if (exitCode === 0) return [];
  const why = said === undefined ? "" : visibly`: ${said}`;
  return [`${visibly`${hook} of ${unit} fails with exit code ${exitCode}`}${why}`];
}

type Owners = ReadonlyMap<string, Readonly<Record<string, string>>>;

function databagLines(before: Databags | undefined, after: Databags): readonly Line[] {
  return (["requirer", "provider"] as const).flatMap((side) => {
    const was = ownersOf(before?.[side]);
    const is = ownersOf(after[side]);
    if (is.size === 0) return was.size === 0 ? [] : [{ line: `the ${side} is not in the relation any more` }];
    return [...is].flatMap(([owner, databag]) => changes(owner, was.get(owner) ?? {}, databag));
  });
}

function ownersOf(party: Databags["provider"]): Owners {
  return new Map(
    party === undefined ? [] : [[party.application, party.data] as const, ...Object.entries(party.units)],
  );
}

function changes(
  owner: string,
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
): readonly Line[] {
  if (was["jobs"] === is["jobs"]) return [];
  const old = readList(was, "jobs");
  const list = readList(is, "jobs");
  if (list.problems.length > 0) return [{ line: visibly`${owner} writes jobs that cannot be read` }];
  const known = new Map(old.items.map((item) => [idOf(item), JSON.stringify(item)] as const));
  const changed = list.items.filter((item) => known.get(idOf(item)) !== JSON.stringify(item));
  const kept = new Set(list.items.map(idOf));
  const gone = old.items.filter((item) => !kept.has(idOf(item)));
  return [
    ...changed.map((item) => ({ line: `${visible(owner)} writes ${inWords(item)}`, ...named(item) })),
    ...gone.map((item) => ({ line: `${visible(owner)} takes away ${shownJob(idOf(item))}`, ...named(item) })),
  ];
}

function idOf(item: unknown): string {
  return isObject(item) ? (stringAt(item, "job-id") ?? "") : "";
}

function named(item: unknown): { readonly job?: string } {
  const id = idOf(item);
  return id === "" ? {} : { job: id };
}

function inWords(item: unknown): string {
  if (!isObject(item)) return "something that is no job";
  const storage = item["storage-config"];
  const parts = [
    shownJob(idOf(item) === "" ? "a job without an id" : idOf(item)),
    stringAt(item, "job-type"),
    stringAt(item, "phase") ?? stringAt(item, "status"),
    isObject(storage) && item["status"] === undefined ? `bucket ${visible(storage["bucket"])}` : undefined,
    stringAt(item, "artefact-path"),
    stringAt(item, "message"),
  ];
  return parts.flatMap((part) => (part === undefined || part === "" ? [] : [visible(part)])).join(", ");
}

function shownJob(id: string): string {
  return visible(id, longestId);
}
