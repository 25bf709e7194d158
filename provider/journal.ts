/**
 * The journal: a unit's record of what it started and how it ended. Pure: records are folded into what is known.
 *
 * @module
 */
import type { ProcessIdentity } from "../lib/machine/machine.ts";
import { isEnd } from "../lib/job/phase.ts";
import type { JobProgress } from "../lib/job/report.ts";
import type { JobRequest } from "../lib/job/request.ts";
import { Credentials } from "../lib/job/storage-config.ts";

/** One line of the journal. */
export type JournalRecord =
  /** The first of a journal: which life of the unit it belongs to. */
  | { readonly record: "incarnation"; readonly incarnation: string }
  /** A job was seen for the first time; its place in the order of arrival. */
  | { readonly record: "ticket"; readonly ticket: number; readonly relation: string; readonly job: string }
  /** A job was taken up. Written before anything is done for it. */
  | {
      readonly record: "started";
      readonly fence: number;
      readonly relation: string;
      /** As it stood then, without its credentials. */
      readonly request: JobRequest;
    }
  /** The process that a hook started for the job, or to clean up after it. */
  | { readonly record: "spawned"; readonly fence: number; readonly process: ProcessIdentity }
  /** Where the job stands. After an end nothing counts any more. */
  | { readonly record: "progress"; readonly fence: number; readonly progress: JobProgress };

/** What the journal knows of one job. */
export interface JournalEntry {
  readonly fence: number;
  readonly relation: string;
  readonly request: JobRequest;
  readonly progress: JobProgress;
  /** The last process started for it, if the journal knows it. */
  readonly process?: ProcessIdentity;
}

/** The place of a job in the order of arrival. */
export type Ticket = Extract<JournalRecord, { record: "ticket" }>;

/** What a journal says. */
export interface JournalState {
  /** Absent in an empty journal. */
  readonly incarnation?: string;
  /** By fence, in the order in which they were started. */
  readonly entries: ReadonlyMap<number, JournalEntry>;
  /** By {@link jobKey}. */
  readonly tickets: ReadonlyMap<string, Ticket>;
  /** How many records it takes to say so. */
  readonly length: number;
}

/** A journal of more records than this is worth compacting. */
export const compactAbove = 512;

/** How many ended jobs a compacted journal keeps although nobody asks for them any more. */
export const keptEnds = 64;

/** Names a job within one unit: two relations may use the same job id. */
export function jobKey(relation: string, job: string): string {
  return `${relation} ${job}`;
}

/** Reads what records say, oldest first. */
export function foldJournal(records: Iterable<JournalRecord>): JournalState {
  let incarnation: string | undefined;
  const entries = new Map<number, JournalEntry>();
  const tickets = new Map<string, Ticket>();
  let length = 0;
  for (const record of records) {
    length += 1;
    switch (record.record) {
      case "incarnation":
        incarnation ??= record.incarnation;
        break;
      case "ticket":
        tickets.set(jobKey(record.relation, record.job), record);
        break;
      case "started":
        entries.set(record.fence, {
          fence: record.fence,
          relation: record.relation,
          request: record.request,
          progress: { phase: "starting" },
        });
        break;
      case "spawned": {
        const entry = entries.get(record.fence);
        if (entry !== undefined) entries.set(record.fence, { ...entry, process: record.process });
        break;
      }
      case "progress": {
        const entry = entries.get(record.fence);
        if (entry !== undefined && !isEnd(entry.progress.phase)) {
          // Who notes an end may not know when the job began.
          const { startedAt } = entry.progress;
          const progress = { ...(startedAt === undefined ? {} : { startedAt }), ...record.progress };
          entries.set(record.fence, { ...entry, progress });
        }
        break;
      }
    }
  }
  return { ...(incarnation === undefined ? {} : { incarnation }), entries, tickets, length };
}

/** The fence for the next job. */
export function nextFence(journal: JournalState): number {
  let last = 0;
  for (const fence of journal.entries.keys()) last = Math.max(last, fence);
  return last + 1;
}

/**
 * The records of a shorter journal that says the same of every job that still matters: those that have not ended,
 * those whose request stands, and the newest ended ones, lest a request that comes back runs twice.
 *
 * @param standing The keys, by {@link jobKey}, of all requests that stand.
 */
export function compactJournal(
  journal: JournalState,
  standing: ReadonlySet<string>,
): readonly JournalRecord[] {
  const entries = [...journal.entries.values()];
  const dispensable = entries.filter(
    (entry) => isEnd(entry.progress.phase) && !standing.has(jobKey(entry.relation, entry.request.id)),
  );
  const dropped = new Set(dispensable.slice(0, Math.max(0, dispensable.length - keptEnds)));
  const records: JournalRecord[] = [];
  if (journal.incarnation !== undefined)
    records.push({ record: "incarnation", incarnation: journal.incarnation });
  for (const [key, ticket] of journal.tickets) if (standing.has(key)) records.push(ticket);
  for (const entry of entries) {
    if (dropped.has(entry)) continue;
    const { fence, relation, request, progress, process } = entry;
    records.push({ record: "started", fence, relation, request });
    if (process !== undefined) records.push({ record: "spawned", fence, process });
    records.push({ record: "progress", fence, progress });
  }
  return records;
}

/** Writes a record as one line. Credentials do not survive it: they write themselves as redacted. */
export function encodeRecord(record: JournalRecord): string {
  return JSON.stringify(record);
}

/**
 * Reads a line that {@link encodeRecord} wrote.
 *
 * @throws SyntaxError where it is none.
 */
export function decodeRecord(line: string): JournalRecord {
  const record: JournalRecord = JSON.parse(line);
  if (record.record !== "started") return record;
  const storage = { ...record.request.storage, credentials: new Credentials("", "") };
  return { ...record, request: { ...record.request, storage } };
}
