/**
 * What a repository holds, as an admin looks at it: backups, those that were never finished among them, and the
 * timelines that restores began. Pure.
 *
 * @module
 */
import type { BackupType } from "../../../lib/job/request.ts";
import type { RepositoryBackup, Stanza } from "../pgbackrest/pgbackrest-info.ts";
import type { Timeline } from "../pgbackrest/timeline-history.ts";
import { rfc3339OfSeconds } from "../restore-time.ts";

/**
 * How a backup stands. `failed` is one whose pages had wrong checksums; `crashed` is one that was begun and never
 * finished, by a process that is gone.
 */
export type BackupState = "finished" | "failed" | "running" | "crashed";

/** A backup in a repository, finished or not. What is absent is not known before it is finished. */
export interface BackupEntry {
  readonly kind: "backup";
  /** pgBackRest's label, which a restore can name. */
  readonly id: string;
  readonly stanza: string;
  readonly type: BackupType;
  readonly state: BackupState;
  /** The backup that it builds upon. Absent for a full one. */
  readonly reference?: string;
  /** RFC 3339 in UTC. */
  readonly startedAt: string;
  /** RFC 3339 in UTC. */
  readonly finishedAt?: string;
  /** As PostgreSQL writes them, for example `0/3000028`. */
  readonly lsn?: { readonly start: string; readonly stop: string };
  readonly timeline?: number;
  /** What it takes up in storage, in bytes. */
  readonly sizeBytes?: number;
  /** Relative to the bucket. */
  readonly artefactPath: string;
}

/** A timeline that a restore, or a change of the primary, began. */
export interface TimelineEntry {
  readonly kind: "timeline";
  readonly stanza: string;
  readonly timeline: number;
  /** When its history reached the repository, RFC 3339 in UTC: shortly after it began. */
  readonly startedAt: string;
}

/** Something that a repository holds. */
export type RepositoryEntry = BackupEntry | TimelineEntry;

/** What is known of a stanza. */
export interface StanzaContents {
  readonly stanza: Stanza;
  readonly timelines: readonly Timeline[];
  /** The labels of the backups that have a folder in the repository, whether it is finished or not. */
  readonly folders: readonly string[];
  /** Whether a backup is at work on this machine, which pgBackRest's lock alone does not tell. */
  readonly runs: boolean;
}

/**
 * Everything that a stanza holds, oldest first.
 *
 * @param artefactPath Of a backup's label.
 */
export function entriesOf(
  { stanza, timelines, folders, runs }: StanzaContents,
  artefactPath: (label: string) => string,
): readonly RepositoryEntry[] {
  const known = new Set(stanza.labels);
  const unfinished = folders.filter((label) => !known.has(label)).toSorted();
  // One lock for all of a stanza's backups: only the newest can be at work.
  const running = runs ? unfinished.at(-1) : undefined;
  const entries: RepositoryEntry[] = [
    ...stanza.backups.map((backup) => finishedEntry(stanza.name, backup, artefactPath(backup.label))),
    ...unfinished.map((label): BackupEntry => {
      const state = label === running ? "running" : "crashed";
      return { ...labelled(label), stanza: stanza.name, state, artefactPath: artefactPath(label) };
    }),
    ...timelines.map(({ timeline, recordedAt }): TimelineEntry => {
      return { kind: "timeline", stanza: stanza.name, timeline, startedAt: rfc3339OfSeconds(recordedAt) };
    }),
  ];
  return entries.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
}

/** Whether a name is the label of a backup. */
export function isLabel(name: string): boolean {
  return labelForm.test(name);
}

const labelForm = /^(?:\d{8}-\d{6}F_)?(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})([FDI])$/;
const types: Readonly<Record<string, BackupType>> = { F: "full", D: "differential", I: "incremental" };

/** What a label says by itself. Labels that we had made are in UTC. */
function labelled(label: string): Pick<BackupEntry, "kind" | "id" | "type" | "startedAt"> {
  const [, year, month, day, hour, minute, second, letter = ""] = labelForm.exec(label) ?? [];
  return {
    kind: "backup",
    id: label,
    type: types[letter] ?? "full",
    startedAt: `${year}-${month}-${day}T${hour}:${minute}:${second}Z`,
  };
}

function finishedEntry(stanza: string, backup: RepositoryBackup, artefactPath: string): BackupEntry {
  return {
    kind: "backup",
    id: backup.label,
    stanza,
    type: backup.type,
    state: backup.failed ? "failed" : "finished",
    ...(backup.reference === undefined ? {} : { reference: backup.reference }),
    startedAt: rfc3339OfSeconds(backup.startedAt),
    finishedAt: rfc3339OfSeconds(backup.finishedAt),
    lsn: { start: lsnText(backup.startLsn), stop: lsnText(backup.stopLsn) },
    timeline: backup.timeline,
    sizeBytes: backup.repositoryBytes,
    artefactPath,
  };
}

function lsnText(lsn: bigint): string {
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

function hex(number: bigint): string {
  return number.toString(16).toUpperCase();
}
