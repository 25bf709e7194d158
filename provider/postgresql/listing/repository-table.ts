/**
 * The table of a repository's backups and timelines, with the columns that admins of Canonical's charms know. Pure.
 *
 * @module
 */
import { storageLocation, type StorageConfig } from "../../../lib/job/storage-config.ts";
import type { RepositoryEntry } from "./repository-entries.ts";

/** How many rows the table has at most: an action's result holds 128 KiB. */
const maxRows = 300;

const header = [
  "backup-id",
  "action",
  "status",
  "reference-backup-id",
  "LSN start/stop",
  "start-time",
  "finish-time",
  "timeline",
  "backup-path",
];

/**
 * The table, oldest row first. What is not known, or does not arise, is `n/a`.
 *
 * @param storage Where the entries are.
 */
export function repositoryTable(
  entries: readonly RepositoryEntry[],
  storage: Pick<StorageConfig, "bucket" | "path">,
): string {
  const { bucket, path } = storageLocation(storage);
  const shown = entries.slice(-maxRows);
  const head = [
    `Storage bucket name: ${bucket}`,
    `Backups base path: ${path === "/" ? "" : path}/backup/`,
    ...(shown.length < entries.length ? [`${entries.length - shown.length} older rows are not shown.`] : []),
    "",
  ];
  if (shown.length === 0) return [...head, "No backups."].join("\n");
  const rows = [header, ...shown.map(rowOf)];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [first = "", ...lines] = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(" | ")
      .trimEnd(),
  );
  return [...head, first, "-".repeat(first.length), ...lines].join("\n");
}

function rowOf(entry: RepositoryEntry): readonly string[] {
  const absent = "n/a";
  if (entry.kind === "timeline")
    return [
      entry.startedAt,
      "restore",
      "finished",
      absent,
      absent,
      entry.startedAt,
      absent,
      String(entry.timeline),
      absent,
    ];
  return [
    entry.id,
    `${entry.type} backup`,
    entry.state === "failed" ? "failed: wrong page checksums" : entry.state,
    entry.reference ?? absent,
    entry.lsn === undefined ? absent : `${entry.lsn.start} / ${entry.lsn.stop}`,
    entry.startedAt,
    entry.finishedAt ?? absent,
    entry.timeline === undefined ? absent : String(entry.timeline),
    `/${entry.stanza}/${entry.id}`,
  ];
}
