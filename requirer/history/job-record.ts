/**
 * A job as the backup manager knows it: what was asked for, and what units said became of it. It outlives the databags of
 * both sides.
 *
 * @module
 */
import { compareReports } from "../../lib/job/unit-report.ts";
import { isEnd, type Phase } from "../../lib/job/phase.ts";
import type { JobProgress } from "../../lib/job/report.ts";
import type { BackupType, JobType, ScheduleSlot } from "../../lib/job/request.ts";
import type { StorageLocation } from "../../lib/job/storage-config.ts";
import type { QueuedJob } from "../../lib/job/waiting-job.ts";

/** What a unit said of a job. */
export interface RecordedReport {
  readonly unit: string;
  readonly report: JobProgress;
}

/** What was asked for. */
export interface AskedFor {
  readonly type: JobType;
  /** Of a backup. */
  readonly backupType?: BackupType;
  /** Of a restore: the backup or its artefact path. */
  readonly artefactPath?: string;
  readonly restoreToTime?: string;
  readonly restoreTimeline?: number;
  /** RFC 3339 in UTC. */
  readonly requestedAt?: string;
  readonly startBefore?: string;
  readonly schedule?: ScheduleSlot;
  /** Where the artefacts are kept. Absent where that takes too many bytes to be kept, or too many others are. */
  readonly storage?: StorageLocation;
  /** The caller named that storage. Default: it was the one of the manager's relation. */
  readonly ownStorage?: true;
}

/** A job, from its request to its end. */
export interface JobRecord extends AskedFor {
  readonly id: string;
  /** The id of the relation, for example `database-backup:3`. */
  readonly relation: string;
  /** The database's application. */
  readonly application: string;
  /** The last word of each unit, the one that counts first; of the others no more than two are kept. */
  readonly reports: readonly RecordedReport[];
  readonly phase: Phase;
  /** Whether it was asked to be cancelled. */
  readonly cancel?: true;
  /** Why it waits, as the provider says; of a job that no unit has taken up. Not kept. */
  readonly waiting?: QueuedJob;
  /** What an admin should know of it while it waits. Not kept. */
  readonly warning?: string;
  /** Only units tell of it: it was cleared, or nobody here asked for it. Not kept. */
  readonly isUnknown?: true;
}

/** How many units' words are kept of one job. */
const mostReports = 3;

/** Tells one job from every other: ids are unique within a relation alone. */
export function recordKey({ relation, id }: Pick<JobRecord, "relation" | "id">): string {
  return `${relation} ${id}`;
}

/** A record with these reports: the phase follows from them. */
export function withReports(
  record: Omit<JobRecord, "reports" | "phase">,
  reports: readonly RecordedReport[],
): JobRecord {
  const kept = joined(reports);
  const phase = kept[0]?.report.phase ?? (record.waiting === undefined ? "requested" : "waiting");
  return { ...record, reports: kept, phase };
}

/**
 * Adds what was seen of a job to what was known of it. A join in a partial order: it does not matter in which order or how
 * often reports are seen, and an end never goes back.
 */
export function observed(record: JobRecord, reports: readonly RecordedReport[]): JobRecord {
  return reports.length === 0 ? record : withReports(record, [...record.reports, ...reports]);
}

/** Whether a job's story is over. */
export function hasEnded({ phase }: Pick<JobRecord, "phase">): boolean {
  return isEnd(phase);
}

/** The greatest report of each unit, the greatest of them first, and no more than are kept. */
function joined(reports: readonly RecordedReport[]): readonly RecordedReport[] {
  if (reports.length === 1) return reports;
  const ordered = reports.toSorted((a, b) => compare(b, a));
  const units = new Set<string>();
  const kept: RecordedReport[] = [];
  for (const report of ordered) {
    if (units.has(report.unit)) continue;
    units.add(report.unit);
    kept.push(report);
    if (kept.length === mostReports) break;
  }
  return kept;
}

/** A total order: where what counts is the same, the words themselves decide, so that the order of seeing never does. */
function compare(a: RecordedReport, b: RecordedReport): number {
  const difference = compareReports(a, b) || percent(a) - percent(b);
  if (difference !== 0) return difference;
  const [left, right] = [JSON.stringify(a.report, sorted), JSON.stringify(b.report, sorted)];
  // What was kept may have been cut, and says less.
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

function percent({ report }: RecordedReport): number {
  return report.progress?.percent ?? -1;
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
