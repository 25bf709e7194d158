/**
 * What an admin reads: tables of jobs, backups, databases and schedules, of at most 100 columns.
 *
 * @module
 */
import type { Backup } from "../lib/job/backup.ts";
import { isEnd } from "../lib/job/phase.ts";
import { shortened, shownId } from "../lib/printable.ts";
import { countOf, type EndedSummary } from "./history/ended-summary.ts";
import type { JobRecord } from "./history/job-record.ts";
import type { PlannedSchedule } from "./schedules/schedule.ts";
import type { ListedDatabase } from "./key-transport.ts";
import { describeRetention } from "./retention.ts";
import { absent, shownDuration, shownMinute, shownSize, shownTime } from "./shown.ts";
import { newestRows, type ShownRows, type TableOptions } from "./shown-rows.ts";

const maxColumns = 100;
const longestNote = 1_000;

/**
 * The jobs, newest last, with a line below each that did not succeed and says why, or that waits and for what.
 *
 * What comes from the other side is escaped where it does not print, and cut where it is longer than a row.
 *
 * @param summaries What is left of older ones. Default: nothing.
 */
export function jobsTable(
  jobs: readonly JobRecord[],
  options: TableOptions = {},
  summaries: readonly EndedSummary[] = [],
): string {
  const counted = countOf(summaries);
  const older = [
    ...(counted === 0 ? [] : [`${counted} older ones are only counted.`]),
    ...unknownLines(jobs.filter(({ isUnknown }) => isUnknown === true)),
  ];
  const known = jobs.filter(({ isUnknown }) => isUnknown !== true);
  const shownRows = newestJobs(known, options);
  if (shownRows.rows.length === 0) return ["No jobs.", ...leftOutLine(shownRows), ...older].join("\n");
  const severalDatabases = new Set(known.map(({ relation }) => relation)).size > 1;
  const text = table(
    ["JOB", "TYPE", "PHASE", severalDatabases ? "DATABASE" : "UNIT", "REQUESTED"],
    shownRows,
    (job) => {
      const shown = job.reports[0];
      const percent = job.phase === "running" ? shown?.report.progress?.percent : undefined;
      return [
        job.id,
        kindOf(job),
        percent === undefined ? job.phase : `${job.phase} ${Math.floor(percent)} %`,
        severalDatabases ? job.application : (shown?.unit ?? absent),
        shownMinute(job.requestedAt),
      ];
    },
    (job) => {
      const report = job.reports[0]?.report;
      return [job.waiting?.reason, job.warning, report?.message, report?.remedy].filter(
        (line) => line !== undefined,
      );
    },
  );
  return [text, ...older].join("\n");
}

/** The newest jobs, by when they were asked for. */
export function newestJobs(jobs: readonly JobRecord[], options: TableOptions): ShownRows<JobRecord> {
  return newestRows(
    jobs,
    options,
    ({ requestedAt, reports }) => requestedAt ?? reports[0]?.report.finishedAt,
  );
}

function kindOf({ type, backupType }: JobRecord): string {
  return type === "backup" ? (backupType ?? type) : type;
}

/** What units report of jobs that are not in the history. Without their ids: whoever cleared them is not to find them here. */
function unknownLines(jobs: readonly JobRecord[]): readonly string[] {
  const units = new Set(jobs.flatMap(({ reports }) => reports.map(({ unit }) => shownId(unit))));
  const names = shortened([...units].join(", "), longestNote);
  const what = jobs.length === 1 ? "a job that is" : `${jobs.length} jobs that are`;
  return jobs.length === 0
    ? []
    : wrap(
        `${names} ${units.size === 1 ? "tells" : "tell"} of ${what} not in the history: cleared, or asked for by nobody here.`,
        "",
      );
}

/**
 * The backups in a repository, newest last.
 *
 * @param backups In any order. Undefined where the database has not published any.
 */
export function backupsTable(backups: readonly Backup[] | undefined, options: TableOptions = {}): string {
  if (backups === undefined)
    return "The database has published no list of backups yet; it does after a backup.";
  const shown = newestBackups(backups, options);
  if (shown.rows.length === 0) return ["No backups.", ...leftOutLine(shown)].join("\n");
  return table(["BACKUP", "TYPE", "FINISHED", "SIZE", "TIMELINE"], shown, (backup) => [
    backup.id,
    backup.type,
    shownTime(backup.finishedAt),
    shownSize(backup.sizeBytes),
    String(backup.timeline),
  ]);
}

/** The newest backups, in the order of time, by when they were finished. */
export function newestBackups(backups: readonly Backup[], options: TableOptions): ShownRows<Backup> {
  const ordered = backups.toSorted((a, b) => Date.parse(a.finishedAt) - Date.parse(b.finishedAt));
  return newestRows(ordered, options, ({ finishedAt }) => finishedAt);
}

/** The backups that the manager knows of by itself, for a database that publishes none. */
export function backupsOfHistory(jobs: readonly JobRecord[], application: string): readonly Backup[] {
  return jobs.flatMap((job) => {
    const said = job.reports[0]?.report;
    if (job.application !== application || job.type !== "backup" || job.phase !== "succeeded") return [];
    return [
      {
        id: said?.backupId ?? said?.artefactPath ?? job.id,
        type: job.backupType ?? "full",
        finishedAt: said?.finishedAt ?? job.requestedAt ?? "",
        sizeBytes: said?.sizeBytes ?? 0,
        timeline: said?.timeline ?? 0,
        artefactPath: said?.artefactPath ?? "",
      },
    ];
  });
}

/** The related databases, with what they can do and how their last backup went. */
export function databasesTable(
  databases: readonly ListedDatabase[],
  jobs: readonly JobRecord[],
  now: Date,
): string {
  if (databases.length === 0) return "No databases.";
  return table(
    ["DATABASE", "RELATION", "OPEN", "LAST BACKUP", "KEYS"],
    newestRows(databases),
    ({ application, relation, keys }) => {
      const own = jobs.filter((job) => job.relation === relation);
      const ends = own.flatMap(({ type, phase, reports }) =>
        type === "backup" && phase === "succeeded" ? [Date.parse(reports[0]?.report.finishedAt ?? "")] : [],
      );
      const last = Math.max(...ends.filter((end) => !Number.isNaN(end)));
      return [
        application,
        relation,
        String(own.filter(({ phase }) => !isEnd(phase)).length),
        Number.isFinite(last) ? `${shownDuration(now.getTime() - last)} ago` : absent,
        keys,
      ];
    },
    ({ problems }) => problems.slice(0, 5).map(({ message, remedy }) => `${message} ${remedy}`),
  );
}

/** The schedules, with when they come next. */
export function schedulesTable(schedules: readonly PlannedSchedule[]): string {
  if (schedules.length === 0) return "No schedules.";
  const rows = table(
    ["SCHEDULE", "DATABASE", "TYPE", "NEXT", "MISSED"],
    newestRows(schedules),
    (schedule) => [
      schedule.name,
      schedule.database,
      schedule.backupType,
      schedule.paused === true ? "paused" : shownMinute(schedule.next),
      String(schedule.missed),
    ],
    ({ cron, timezone, retention, warning }) => {
      const kept = retention === undefined ? "" : `, ${describeRetention(retention)}`;
      return [`${cron} in ${timezone}${kept}`, ...(warning === undefined ? [] : [warning])];
    },
  );
  return `${rows}\nJobs are asked for in the first hook after their time, which comes within five minutes as a rule.`;
}

function table<Row>(
  header: readonly string[],
  shown: ShownRows<Row>,
  cells: (row: Row) => readonly string[],
  notes: (row: Row) => readonly string[] = () => [],
): string {
  const lines = shown.rows.map((row) => ({ cells: cells(row).map(shownId), notes: notes(row) }));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line.cells[column]?.length ?? 0)),
  );
  const columns = columnsThatFit(widths);
  const line = (texts: readonly string[]): string =>
    texts
      .slice(0, columns)
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const below = (texts: readonly string[]): readonly string[] =>
    texts.slice(columns).map((text, index) => `${(header[columns + index] ?? "").toLowerCase()}: ${text}`);
  return [
    line(header),
    ...lines.flatMap((entry) => [
      line(entry.cells),
      ...[...below(entry.cells), ...entry.notes].flatMap((note) => wrap(note, "    ")),
    ]),
    ...leftOutLine(shown),
  ].join("\n");
}

/** How many columns go side by side; the others stand below each row. Names can be long. */
function columnsThatFit(widths: readonly number[]): number {
  let columns = 0;
  let total = 0;
  for (const width of widths) {
    total += width + (columns === 0 ? 0 : 2);
    if (total > maxColumns) break;
    columns += 1;
  }
  return Math.max(1, columns);
}

function leftOutLine({ leftOut }: ShownRows<unknown>): readonly string[] {
  return leftOut === 0 ? [] : [`${leftOut} older ${leftOut === 1 ? "one is" : "ones are"} not shown.`];
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
