/**
 * The history: the backup manager's ledger of jobs. Pure; how it is kept is the affair of `history-databag.ts`.
 *
 * @module
 */
import { countEnd, endTime, type EndedSummary } from "./ended-summary.ts";
import {
  hasEnded,
  observed,
  recordKey,
  withReports,
  type JobRecord,
  type RecordedReport,
} from "./job-record.ts";

/** How many jobs may be open at a time. */
export const maxOpenJobs = 100;
/** How many ended jobs are kept in full. Older ones are counted. */
export const maxEndedJobs = 400;

/** Which ended jobs are meant. */
export interface EndedFilter {
  /** Only jobs that ended before this moment. Default: whenever they ended. */
  readonly before?: Date | undefined;
  /** Only jobs of this application. Default: of all. */
  readonly application?: string | undefined;
}

/** Every job of a backup manager. A value: what changes it makes another. */
export class History {
  /** In the order in which they were asked for. */
  readonly open: readonly JobRecord[];
  /** In the order in which their ends were seen. */
  readonly ended: readonly JobRecord[];
  /** What is left of older ones, by application. */
  readonly summaries: readonly EndedSummary[];

  constructor(
    open: readonly JobRecord[] = [],
    ended: readonly JobRecord[] = [],
    summaries: readonly EndedSummary[] = [],
  ) {
    this.open = open;
    this.ended = ended;
    this.summaries = summaries;
  }

  /** All jobs that are kept in full, the ended ones first. */
  get jobs(): readonly JobRecord[] {
    return [...this.ended, ...this.open];
  }

  /** Whether one more job can be asked for. */
  get hasRoom(): boolean {
    return this.open.length < maxOpenJobs;
  }

  /** Takes up jobs that were asked for. Those that are known already stay as they are. */
  with(records: readonly JobRecord[]): History {
    const known = new Set(this.jobs.map(recordKey));
    const added = records.filter((record) => {
      const key = recordKey(record);
      const isNew = !known.has(key);
      known.add(key);
      return isNew;
    });
    if (added.length === 0) return this;
    const open = [...this.open, ...added.filter((record) => !hasEnded(record))];
    return this.#withEnds(open, this.ended, added.filter(hasEnded));
  }

  /** Changes what was asked for of open jobs. */
  mapOpen(change: (record: JobRecord) => JobRecord): History {
    let isChanged = false;
    const open = this.open.map((record) => {
      const changed = change(record);
      isChanged ||= changed !== record;
      return changed;
    });
    return isChanged
      ? this.#withEnds(
          open.filter((record) => !hasEnded(record)),
          this.ended,
          open.filter(hasEnded),
        )
      : this;
  }

  /**
   * Adds what units say. What they say of jobs that are not in the history is not taken up: nobody asked for those.
   *
   * @param reports By {@link recordKey}.
   */
  observe(reports: ReadonlyMap<string, readonly RecordedReport[]>): History {
    if (reports.size === 0) return this;
    const seen = (record: JobRecord): JobRecord => {
      const said = reports.get(recordKey(record));
      return said === undefined ? record : observed(record, said);
    };
    const open = this.open.map(seen);
    // A second unit may tell of another end; that a job is still at work is no news of one that has ended.
    return this.#withEnds(
      open.filter((record) => !hasEnded(record)),
      this.ended.map(seen),
      open.filter(hasEnded),
    );
  }

  /** Takes away ended jobs, and what is left of older ones. */
  cleared({ before, application }: EndedFilter): History {
    const isMeant = (name: string, endedAt: number | undefined): boolean =>
      (application === undefined || name === application) &&
      (before === undefined || (endedAt !== undefined && endedAt < before.getTime()));
    return new History(
      this.open,
      this.ended.filter((record) => !isMeant(record.application, endTime(record))),
      this.summaries.filter((summary) => !isMeant(summary.application, summary.lastEndedAt)),
    );
  }

  /** Forgets one ended job. */
  without(record: JobRecord): History {
    const key = recordKey(record);
    return new History(
      this.open,
      this.ended.filter((each) => recordKey(each) !== key),
      this.summaries,
    );
  }

  #withEnds(
    open: readonly JobRecord[],
    ended: readonly JobRecord[],
    newlyEnded: readonly JobRecord[],
  ): History {
    const all = [...ended, ...newlyEnded.map(settled)];
    const surplus = Math.max(0, all.length - maxEndedJobs);
    const summaries = all.slice(0, surplus).reduce(countEnd, this.summaries);
    return new History(open, all.slice(surplus), summaries);
  }
}

/** A job that has ended has nothing to wait for. */
function settled({ waiting: _waiting, startBefore: _before, ...record }: JobRecord): JobRecord {
  return withReports(record, record.reports);
}
