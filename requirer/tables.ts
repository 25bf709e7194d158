/**
 * What an admin reads: tables of jobs and backups of at most 100 columns, and the whole story of one job.
 *
 * @module
 */
import type { Backup } from "../lib/job/backup.ts";
import type { Job } from "../lib/job/job.ts";
import { statusOf } from "../lib/job/phase.ts";
import { storageLocation } from "../lib/job/storage-config.ts";
import { shortened, shownId } from "../lib/printable.ts";

/** How many rows a table has at most: an action's result holds 128 KiB. The newest are shown. */
const maxRows = 200;
const maxColumns = 100;
const longestNote = 1_000;
const longestResult = 4_000;
const absent = "-";

/**
 * The jobs, newest last, with a line below each that did not succeed and says why.
 *
 * What comes from the other side is escaped where it does not print, and cut where it is longer than a row.
 */
export function jobsTable(jobs: readonly Job[]): string {
  if (jobs.length === 0) return "No jobs.";
  return table(
    ["JOB", "TYPE", "PHASE", "UNIT", "REQUESTED"],
    jobs,
    (job) => {
      const shown = job.reports[0];
      const percent = job.phase === "running" ? shown?.report.progress?.percent : undefined;
      return [
        job.id,
        typeOf(job),
        percent === undefined ? job.phase : `${job.phase} ${Math.floor(percent)} %`,
        shown?.unit ?? absent,
        seconds(job.request?.requestedAt),
      ];
    },
    (job) => {
      const report = job.reports[0]?.report;
      return [report?.message, report?.remedy].filter((line) => line !== undefined);
    },
  );
}

/**
 * The backups in a repository, newest last.
 *
 * @param backups In any order. Undefined where the database has not published any.
 */
export function backupsTable(backups: readonly Backup[] | undefined): string {
  if (backups === undefined)
    return "The database has published no list of backups yet; it does after a backup.";
  if (backups.length === 0) return "No backups.";
  const ordered = backups.toSorted((a, b) => Date.parse(a.finishedAt) - Date.parse(b.finishedAt));
  return table(["BACKUP", "TYPE", "FINISHED", "SIZE", "TIMELINE"], ordered, (backup) => [
    backup.id,
    backup.type,
    seconds(backup.finishedAt),
    size(backup.sizeBytes),
    String(backup.timeline),
  ]);
}

/** Everything that is known of one job, as results of an action. */
export function describeJob(job: Job): Readonly<Record<string, string>> {
  const shown = job.reports[0];
  const report = shown?.report;
  const fields: Record<string, string | number | undefined> = {
    "job-id": job.id,
    relation: job.relation,
    type: typeOf(job),
    "backup-type": job.request?.type === "backup" ? job.request.backupType : undefined,
    "artefact-requested": job.request?.type === "restore" ? job.request.artefactPath : undefined,
    "restore-to-time": job.request?.type === "restore" ? job.request.restoreToTime : undefined,
    phase: job.phase,
    status: statusOf(job.phase),
    unit: shown?.unit,
    "requested-at": job.request?.requestedAt,
    "started-at": report?.startedAt,
    "finished-at": report?.finishedAt,
    progress: report?.progress === undefined ? undefined : `${Math.floor(report.progress.percent)} %`,
    "backup-id": report?.backupId,
    "artefact-path": report?.artefactPath,
    size: report?.sizeBytes === undefined ? undefined : size(report.sizeBytes),
    timeline: report?.timeline,
    "log-path": report?.logPath,
    bucket: job.request === undefined ? report?.storage.bucket : storageLocation(job.request.storage).bucket,
    "error-code": report?.errorCode,
    message: report?.message ?? (shown === undefined ? "No unit has taken up this job yet." : undefined),
    remedy: report?.remedy,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, shortened(String(value), longestResult)]],
    ),
  );
}

function typeOf(job: Job): string {
  return job.request?.type ?? job.reports[0]?.report.type ?? absent;
}

function table<Row>(
  header: readonly string[],
  rows: readonly Row[],
  cells: (row: Row) => readonly string[],
  notes: (row: Row) => readonly string[] = () => [],
): string {
  const shown = rows.slice(-maxRows);
  const lines = shown.map((row) => ({ cells: cells(row).map(shownId), notes: notes(row) }));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line.cells[column]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const left = rows.length - shown.length;
  return [
    line(header),
    ...lines.flatMap((entry) => [line(entry.cells), ...entry.notes.flatMap((note) => wrap(note, "    "))]),
    ...(left === 0 ? [] : [`${left} older ones are not shown.`]),
  ].join("\n");
}

/** Breaks a text into lines of at most 100 columns. A longer word, as a rule a path, stays whole: it is there to be copied. */
function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let current = indent;
  const blanksAsOne = text
    .slice(0, 2 * longestNote)
    .replace(/\s+/g, " ")
    .trim();
  for (const word of shortened(blanksAsOne, longestNote).split(" ")) {
    if (current !== indent && current.length + word.length + 1 > maxColumns) {
      lines.push(current);
      current = indent;
    }
    current += current === indent ? word : ` ${word}`;
  }
  return [...lines, current];
}

function seconds(time: string | undefined): string {
  return time === undefined ? absent : time.replace(/\.\d+Z$/, "Z");
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ""}`;
}
