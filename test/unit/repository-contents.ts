/**
 * What a repository may hold: a full backup, one whose pages were damaged, and a timeline.
 *
 * @module
 */
import { entriesOf, type RepositoryEntry } from "../../provider/postgresql/listing/repository-entries.ts";
import type { RepositoryBackup, Stanza } from "../../provider/postgresql/pgbackrest/pgbackrest-info.ts";

export const first: RepositoryBackup = {
  label: "20260110-090000F",
  type: "full",
  startedAt: Date.parse("2026-01-10T09:00:00Z") / 1000,
  finishedAt: Date.parse("2026-01-10T09:00:41Z") / 1000,
  timeline: 1,
  reference: undefined,
  startLsn: 0x3000028n,
  stopLsn: 0x3000100n,
  repositoryBytes: 2_000,
  databaseBytes: 9_000,
  failed: false,
  databaseId: 1,
};
export const second: RepositoryBackup = {
  ...first,
  label: "20260110-090000F_20260110-110000I",
  type: "incremental",
  startedAt: Date.parse("2026-01-10T11:00:00Z") / 1000,
  finishedAt: Date.parse("2026-01-10T11:00:05Z") / 1000,
  reference: first.label,
  startLsn: 0x1_0000_0000n,
  stopLsn: 0x1_0000_00ffn,
  failed: true,
};
export const stanza: Stanza = {
  name: "prod.pg",
  databases: [{ id: 1, systemId: "77", version: "15" }],
  archives: [{ id: "15-1", databaseId: 1 }],
  labels: [first.label, second.label],
  backups: [first, second],
  backupRuns: true,
};
const timelines = [{ timeline: 10, recordedAt: Date.parse("2026-01-10T12:30:15Z") / 1000 }];
/** A backup's artefact path. */
export const pathOf = (label: string): string => `/pg/backup/prod.pg/${label}/`;

/**
 * What is listed of it.
 *
 * @param folders The labels of the backups that have a folder, finished or not.
 * @param runs Whether a backup is at work.
 */
export function entries(folders: readonly string[], runs: boolean): readonly RepositoryEntry[] {
  return entriesOf({ stanza, timelines, folders, runs }, pathOf);
}
