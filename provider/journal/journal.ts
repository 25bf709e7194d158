/**
 * The journal: a unit's record of what it started and how it ended. Pure: records are folded into what is known.
 *
 * @module
 */
import type { ProcessIdentity } from "../../lib/machine/machine.ts";
import { isEnd } from "../../lib/job/phase.ts";
import type { JobProgress } from "../../lib/job/report.ts";
import type { JobRequest, JobType } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { failureFields, unitLeaves } from "../coordination/ends.ts";
import { grantId, type Outcome } from "../coordination/peer-records.ts";

/** One line of the journal. */
export type JournalRecord =
  /** A life of the unit begins. The last one counts. */
  | { readonly record: "incarnation"; readonly incarnation: string }
  /** A job was taken up. Written before anything is done for it. */
  | {
      readonly record: "started";
      readonly lineage: string;
      readonly fence: number;
      readonly relation: string;
      /** As it stood then, without its credentials. */
      readonly request: JobRequest;
    }
  /** The process that a hook started for the job, or to clean up after it. */
  | {
      readonly record: "spawned";
      readonly lineage: string;
      readonly fence: number;
      readonly process: ProcessIdentity;
    }
  /** Where the job stands. After an end nothing counts any more. */
  | {
      readonly record: "progress";
      readonly lineage: string;
      readonly fence: number;
      readonly progress: JobProgress;
    }
  /** A cancel was passed on to the job's process. */
  | { readonly record: "cancel"; readonly lineage: string; readonly fence: number }
  /** The process that a hook started to end the job's. */
  | {
      readonly record: "stopping";
      readonly lineage: string;
      readonly fence: number;
      readonly process: ProcessIdentity;
    }
  /** The unit goes away, and stops the job that it runs. */
  | { readonly record: "leaving"; readonly lineage: string; readonly fence: number; readonly unit: string }
  /** From here on the job runs to its end. */
  | { readonly record: "no-return"; readonly lineage: string; readonly fence: number }
  /** A grant was answered without a run. */
  | {
      readonly record: "answered";
      readonly lineage: string;
      readonly fence: number;
      readonly relation: string;
      readonly job: string;
      readonly type: JobType;
      readonly outcome: Outcome;
    };

/** What the journal knows of one grant. */
export interface JournalEntry {
  readonly lineage: string;
  readonly fence: number;
  readonly relation: string;
  readonly job: string;
  readonly type: JobType;
  /** Absent where the grant was answered without a run. */
  readonly request?: JobRequest;
  readonly progress: JobProgress;
  /** The last process started for it, if the journal knows it. */
  readonly process?: ProcessIdentity;
  readonly cancelAsked: boolean;
  /** The last process started to end the job's, if the journal knows it. */
  readonly stopper?: ProcessIdentity;
  readonly pastNoReturn: boolean;
  /** The unit that goes away, and stops the job. */
  readonly leaving?: string;
  /** What a grant was answered with that was not run. */
  readonly answer?: Outcome;
}

/** What a journal says. */
export interface JournalState {
  /** Absent in an empty journal. */
  readonly incarnation?: string;
  /** By {@link grantId}, in the order in which they came. */
  readonly entries: ReadonlyMap<string, JournalEntry>;
  /** How many records it takes to say so. */
  readonly length: number;
}

/** A journal of more records than this is worth compacting. */
export const compactAbove = 512;

/** How many ended jobs a compacted journal keeps although nobody asks for them any more. */
export const keptEnds = 64;

/** Reads what records say, oldest first. */
export function foldJournal(records: Iterable<JournalRecord>): JournalState {
  let incarnation: string | undefined;
  const entries = new Map<string, JournalEntry>();
  let length = 0;
  const change = (
    of: { lineage: string; fence: number },
    how: (entry: JournalEntry) => JournalEntry,
  ): void => {
    const entry = entries.get(grantId(of));
    if (entry !== undefined && outcomeOf(entry) === undefined) entries.set(grantId(of), how(entry));
  };
  for (const record of records) {
    length += 1;
    switch (record.record) {
      case "incarnation":
        incarnation = record.incarnation;
        break;
      case "started": {
        const { lineage, fence, relation, request } = record;
        entries.set(grantId(record), {
          lineage,
          fence,
          relation,
          job: request.id,
          type: request.type,
          request,
          progress: { phase: "starting" },
          cancelAsked: false,
          pastNoReturn: false,
        });
        break;
      }
      case "answered": {
        const { lineage, fence, relation, job, type, outcome } = record;
        entries.set(grantId(record), {
          lineage,
          fence,
          relation,
          job,
          type,
          progress: { phase: "starting" },
          cancelAsked: false,
          pastNoReturn: false,
          answer: outcome,
        });
        break;
      }
      case "spawned":
        change(record, (entry) => ({ ...entry, process: record.process }));
        break;
      case "cancel":
        change(record, (entry) => ({ ...entry, cancelAsked: true }));
        break;
      case "stopping":
        change(record, (entry) => ({ ...entry, stopper: record.process }));
        break;
      case "leaving":
        change(record, (entry) => ({ ...entry, leaving: record.unit }));
        break;
      case "no-return":
        change(record, (entry) => ({ ...entry, pastNoReturn: true }));
        break;
      case "progress":
        change(record, (entry) => {
          // Who notes an end may not know when the job began.
          const { startedAt } = entry.progress;
          const told = withReason(entry, record.progress);
          const progress = { ...(startedAt === undefined ? {} : { startedAt }), ...told };
          return { ...entry, progress };
        });
        break;
    }
  }
  return { ...(incarnation === undefined ? {} : { incarnation }), entries, length };
}

/** A worker that is stopped does not know what for: nobody cancelled the job of a unit that goes away. */
function withReason({ leaving, cancelAsked }: JournalEntry, progress: JobProgress): JobProgress {
  if (leaving === undefined || cancelAsked || progress.phase !== "cancelled") return progress;
  const failure = unitLeaves(leaving);
  return progress.errorCode === failure.code ? progress : { ...progress, ...failureFields(failure) };
}

/** What became of a grant; undefined while its job is under way. */
export function outcomeOf(entry: JournalEntry): Outcome | undefined {
  if (entry.answer !== undefined) return entry.answer;
  const { progress, job, type, fence } = entry;
  const { phase } = progress;
  return isEnd(phase) ? { ...progress, id: job, type, fence, phase } : undefined;
}

/** The greatest fence that a journal remembers. */
export function lastFence(journal: JournalState): number {
  let last = 0;
  for (const { fence } of journal.entries.values()) last = Math.max(last, fence);
  return last;
}

/**
 * The records of a shorter journal that says the same of every job that still matters: those that have not ended,
 * those whose request stands, and the newest ended ones, lest a request that comes back runs twice.
 *
 * @param isAskedFor Whether an entry's request, or the grant that it answers, may still stand.
 */
export function compactJournal(
  journal: JournalState,
  isAskedFor: (entry: JournalEntry) => boolean,
): readonly JournalRecord[] {
  const entries = [...journal.entries.values()];
  const dispensable = entries.filter((entry) => outcomeOf(entry) !== undefined && !isAskedFor(entry));
  const dropped = new Set(dispensable.slice(0, Math.max(0, dispensable.length - keptEnds)));
  const records: JournalRecord[] = [];
  if (journal.incarnation !== undefined)
    records.push({ record: "incarnation", incarnation: journal.incarnation });
  for (const entry of entries) if (!dropped.has(entry)) records.push(...recordsOf(entry));
  return records;
}

function* recordsOf(entry: JournalEntry): Iterable<JournalRecord> {
  const { lineage, fence, relation, job, type, request, progress, process, stopper, answer } = entry;
  if (answer !== undefined)
    yield { record: "answered", lineage, fence, relation, job, type, outcome: answer };
  if (request === undefined) return;
  yield { record: "started", lineage, fence, relation, request };
  if (process !== undefined) yield { record: "spawned", lineage, fence, process };
  if (entry.cancelAsked) yield { record: "cancel", lineage, fence };
  if (stopper !== undefined) yield { record: "stopping", lineage, fence, process: stopper };
  if (entry.leaving !== undefined) yield { record: "leaving", lineage, fence, unit: entry.leaving };
  if (entry.pastNoReturn) yield { record: "no-return", lineage, fence };
  yield { record: "progress", lineage, fence, progress };
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
