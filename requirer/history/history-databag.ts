/**
 * The history in the manager's peer application databag: `open`, `ended`, `texts`, `storages` and `summary`.
 *
 * It takes 256 KiB at most, whatever units and admins say: each job has a bound of its own, and their number has one.
 *
 * @module
 */
import { PeerDatabagError } from "../../lib/errors.ts";
import { endPhases } from "../../lib/job/phase.ts";
import type { Databag } from "../../lib/juju/juju.ts";
import { cutToBytes } from "./bounded-json.ts";
import type { EndedSummary } from "./ended-summary.ts";
import { History } from "./history.ts";
import type { JobRecord } from "./job-record.ts";
import { canBeKept, decodeRecord, encodeRecord } from "./record-json.ts";
import { storageOf, storagesOf, storageText } from "./storage-list.ts";

/** How many bytes the history takes at most. */
export const maxHistoryBytes: number = 256 * 1024;

/** The keys that are the history's own. */
export const historyKeys = ["format", "open", "ended", "texts", "storages", "summary"] as const;
const format = "1";
const applicationBytes = 72;
/** Texts that many records share are kept once, and a record has their number. */
const sharedInRecord = ["d"] as const;
const sharedInReport = ["a", "g", "c", "x"] as const;
const shortestShared = 8;

/** Writes a history: a value for each of its keys, the empty string where there is nothing to say. */
export function encodeHistory(history: History): Record<string, string> {
  const storages = storagesOf(history.jobs);
  const encode = (record: JobRecord): Written => {
    const storage = storages.get(storageText(record.storage) ?? "");
    return { ...encodeRecord(record), ...(storage === undefined ? {} : { s: storage }) };
  };
  const open = history.open.filter(canBeKept).map(encode);
  const ended = history.ended.filter(canBeKept).map(encode);
  const texts = sharedTexts([...open, ...ended]);
  return {
    format,
    open: listOf(open.map((record) => shared(record, texts))),
    ended: listOf(ended.map((record) => shared(record, texts))),
    texts: listOf([...texts.keys()]),
    storages: listOf([...storages.keys()]),
    summary: listOf(history.summaries.map(encodeSummary)),
  };
}

/**
 * Reads a history.
 *
 * @param endpoint The endpoint of the databases' relations, which a record has only the number of.
 * @throws PeerDatabagError where it cannot be understood: to go on without it would be to lose it.
 */
export function decodeHistory(databag: Databag, endpoint: string): History {
  const written = databag["format"] ?? format;
  if (written !== format) {
    throw unreadable(
      `is written in format ${JSON.stringify(written.slice(0, 20))}, and this version reads format ${format}`,
      "Refresh the charm to the version that wrote it, or a newer one.",
    );
  }
  const texts = readList(databag, "texts").map((text) => (typeof text === "string" ? text : ""));
  const storages = readList(databag, "storages").map(storageOf);
  const read = (key: "open" | "ended"): readonly JobRecord[] =>
    readList(databag, key).flatMap((item) => {
      const record = decodeRecord(unshared(item, texts), endpoint, storages);
      return record === undefined ? [] : [record];
    });
  return new History(read("open"), read("ended"), readList(databag, "summary").flatMap(decodeSummary));
}

type Written = Readonly<Record<string, unknown>>;

/** The texts that stand in more than one record, with their numbers. */
function sharedTexts(records: readonly Written[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (value: unknown): void => {
    if (typeof value === "string" && value.length >= shortestShared)
      counts.set(value, (counts.get(value) ?? 0) + 1);
  };
  for (const record of records) {
    for (const name of sharedInRecord) count(record[name]);
    for (const report of reportsOf(record)) for (const name of sharedInReport) count(report[name]);
  }
  const texts = new Map<string, number>();
  for (const [text, uses] of counts) if (uses > 1) texts.set(text, texts.size);
  return texts;
}

function shared(record: Written, texts: ReadonlyMap<string, number>): Written {
  const replaced = (written: Written, names: readonly string[]): Record<string, unknown> => {
    const copy: Record<string, unknown> = { ...written };
    for (const name of names) {
      const value = copy[name];
      if (typeof value === "string") copy[name] = texts.get(value) ?? value;
    }
    return copy;
  };
  const copy = replaced(record, sharedInRecord);
  if ("e" in copy) copy["e"] = reportsOf(record).map((report) => replaced(report, sharedInReport));
  return copy;
}

function unshared(value: unknown, texts: readonly string[]): unknown {
  const restored = (written: Written, names: readonly string[]): Record<string, unknown> => {
    const copy: Record<string, unknown> = { ...written };
    for (const name of names) {
      const number = copy[name];
      if (typeof number === "number") copy[name] = texts[number];
    }
    return copy;
  };
  if (!isWritten(value)) return value;
  const copy = restored(value, sharedInRecord);
  if ("e" in copy) copy["e"] = reportsOf(value).map((report) => restored(report, sharedInReport));
  return copy;
}

function reportsOf(record: Written): readonly Written[] {
  const reports: unknown = record["e"];
  return Array.isArray(reports) ? reports.filter(isWritten) : [];
}

function isWritten(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function encodeSummary(summary: EndedSummary): Written {
  return {
    d: cutToBytes(summary.application.toWellFormed(), applicationBytes),
    n: endPhases.map((phase) => summary.counts[phase] ?? 0),
    s: summary.lastSuccessAt,
    x: summary.lastFailureAt,
    e: summary.lastEndedAt,
  };
}

function decodeSummary(value: unknown): readonly EndedSummary[] {
  if (!isWritten(value)) return [];
  const { d: application, n: numbers } = value;
  if (typeof application !== "string" || !Array.isArray(numbers)) return [];
  const counts = endPhases.flatMap((phase, index) => {
    const count: unknown = numbers[index];
    return typeof count === "number" && count > 0 ? [[phase, count]] : [];
  });
  const moment = (
    name: string,
    key: "lastSuccessAt" | "lastFailureAt" | "lastEndedAt",
  ): Partial<EndedSummary> => {
    const time = value[name];
    return typeof time === "number" ? { [key]: time } : {};
  };
  return [
    {
      application,
      counts: Object.fromEntries(counts),
      ...moment("s", "lastSuccessAt"),
      ...moment("x", "lastFailureAt"),
      ...moment("e", "lastEndedAt"),
    },
  ];
}

function listOf(items: readonly unknown[]): string {
  return items.length === 0 ? "" : JSON.stringify(items);
}

/** Reads a list. @throws PeerDatabagError */
function readList(databag: Databag, key: (typeof historyKeys)[number]): readonly unknown[] {
  const text = databag[key] ?? "";
  if (text === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // What JSON.parse throws quotes the text.
  }
  throw unreadable(
    `has no JSON list in its key ${key}`,
    `Look at it with juju show-unit; to give up what stands there, let the leader delete the key: relation-set --app ${key}=.`,
  );
}

function unreadable(what: string, remedy: string): PeerDatabagError {
  return new PeerDatabagError(
    `The history of jobs in the manager's peer application databag ${what}, so nothing is requested and nothing is written.`,
    { remedy },
  );
}
