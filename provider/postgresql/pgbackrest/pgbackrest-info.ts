/**
 * What `pgbackrest info --output=json` says. It exits with 0 whatever is wrong with a repository, so the status inside
 * the JSON is what counts.
 *
 * @module
 */
import type { Backup } from "../../../lib/job/backup.ts";
import type { BackupType } from "../../../lib/job/request.ts";
import { isJsonRecord, type JsonRecord } from "../json-record.ts";
import { rfc3339OfSeconds } from "../restore-time.ts";

/** A backup as pgBackRest lists it. */
export interface RepositoryBackup {
  readonly label: string;
  readonly type: BackupType;
  /** Seconds since 1970. */
  readonly startedAt: number;
  /** Seconds since 1970, cut to whole seconds. */
  readonly finishedAt: number;
  /** The timeline on which it was made. */
  readonly timeline: number;
  /** The label of the backup that it builds upon; undefined for a full one. */
  readonly reference: string | undefined;
  /** Where in the WAL it begins. */
  readonly startLsn: bigint;
  /** Where in the WAL it became consistent. */
  readonly stopLsn: bigint;
  /** What it takes up in the repository itself, without the backups it refers to, in bytes. */
  readonly repositoryBytes: number;
  /** How much a restore of it writes, in bytes. */
  readonly databaseBytes: number;
  /** Whether page checksums were found wrong while it was made. */
  readonly failed: boolean;
  /** The id of the database in the stanza's history. */
  readonly databaseId: number;
}

/** A database in a stanza's history. */
export interface RepositoryDatabase {
  readonly id: number;
  /** PostgreSQL's system identifier. Text, because it does not fit a number. */
  readonly systemId: string;
  /** For example `15`. */
  readonly version: string;
}

/** A stanza of a repository. */
export interface Stanza {
  readonly name: string;
  readonly databases: readonly RepositoryDatabase[];
  /** The folders of the WAL archive, for example `15-1`, with the id of their database. */
  readonly archives: readonly { readonly id: string; readonly databaseId: number }[];
  /** The labels of all backups that were finished, also of those that are left out of the next field. */
  readonly labels: readonly string[];
  /** Those that can be restored, oldest first. */
  readonly backups: readonly RepositoryBackup[];
  /** Whether a backup is being made by this machine. */
  readonly backupRuns: boolean;
}

/** What `info` says of a repository. */
export type RepositoryInfo =
  | { readonly readable: true; readonly stanzas: readonly Stanza[] }
  /** The repository cannot be read, and what pgBackRest says about it. */
  | { readonly readable: false; readonly reason: string };

const types: Readonly<Record<string, BackupType>> = {
  full: "full",
  diff: "differential",
  incr: "incremental",
};

/** Status codes of a stanza in `info` under which there is nothing to read, yet nothing wrong. */
const statusMissing: ReadonlySet<number> = new Set([1, 3]);
const statusOther = 99;

/**
 * Reads the answer of `info`.
 *
 * @throws SyntaxError where it is no JSON, TypeError where it has another shape.
 */
export function parseInfo(text: string): RepositoryInfo {
  // A system identifier has 64 bits, more than a JavaScript number keeps.
  const exact = text.replaceAll(/("system-id"\s*:\s*)(\d+)/g, '$1"$2"');
  const root: unknown = JSON.parse(exact);
  const stanzas: Stanza[] = [];
  for (const entry of list(root)) {
    const stanza = record(entry);
    const status = record(stanza["status"]);
    const code = number(status["code"]);
    if (code === statusOther || stanza["name"] === "[invalid]")
      return { readable: false, reason: reasonOf(stanza, string(status["message"])) };
    if (statusMissing.has(code)) continue;
    stanzas.push({
      name: string(stanza["name"]),
      databases: list(stanza["db"]).map((item) => {
        const database = record(item);
        return {
          id: number(database["id"]),
          systemId: string(database["system-id"]),
          version: string(database["version"]),
        };
      }),
      archives: list(stanza["archive"]).map((item) => {
        const archive = record(item);
        return { id: string(archive["id"]), databaseId: number(record(archive["database"])["id"]) };
      }),
      labels: list(stanza["backup"]).map((item) => string(record(item)["label"])),
      backups: list(stanza["backup"])
        .filter(hasWal)
        .map(parseBackup)
        .toSorted((a, b) => a.finishedAt - b.finishedAt || (a.label < b.label ? -1 : 1)),
      backupRuns: lockHeld(status),
    });
  }
  return { readable: true, stanzas };
}

/** Says a pgBackRest backup in the words of the executor port. */
export function toBackup(backup: RepositoryBackup, artefactPath: string): Backup {
  return {
    id: backup.label,
    type: backup.type,
    finishedAt: rfc3339OfSeconds(backup.finishedAt),
    sizeBytes: backup.repositoryBytes,
    timeline: backup.timeline,
    artefactPath,
  };
}

/** Reads an LSN such as `0/3000138`. */
export function parseLsn(text: string): bigint {
  const match = /^([0-9A-Fa-f]+)\/([0-9A-Fa-f]+)$/.exec(text);
  if (match === null) throw new TypeError(`"${text}" is no LSN`);
  return (BigInt(`0x${match[1] ?? "0"}`) << 32n) + BigInt(`0x${match[2] ?? "0"}`);
}

/** A backup of a stopped database has no WAL range; nothing can be recovered to a time from it, so it is left out. */
function hasWal(item: unknown): boolean {
  const backup = record(item);
  return typeof record(backup["archive"])["start"] === "string" && typeof backup["lsn"] === "object";
}

function parseBackup(item: unknown): RepositoryBackup {
  const backup = record(item);
  const archive = record(backup["archive"]);
  const info = record(backup["info"]);
  const repository = record(info["repository"]);
  const timestamp = record(backup["timestamp"]);
  const type = types[string(backup["type"])];
  if (type === undefined) throw new TypeError(`"${String(backup["type"])}" is no type of backup`);
  return {
    label: string(backup["label"]),
    type,
    startedAt: number(timestamp["start"]),
    finishedAt: number(timestamp["stop"]),
    timeline: Number.parseInt(string(archive["start"]).slice(0, 8), 16),
    reference: typeof backup["prior"] === "string" ? backup["prior"] : undefined,
    startLsn: parseLsn(string(record(backup["lsn"])["start"])),
    stopLsn: parseLsn(string(record(backup["lsn"])["stop"])),
    repositoryBytes: number(repository["delta"]),
    databaseBytes: number(info["size"]),
    failed: backup["error"] === true,
    databaseId: number(record(backup["database"])["id"]),
  };
}

function reasonOf(stanza: JsonRecord, fallback: string): string {
  for (const item of Array.isArray(stanza["repo"]) ? stanza["repo"] : []) {
    const status = record(record(item)["status"]);
    if (status["code"] !== 0 && typeof status["message"] === "string") return status["message"];
  }
  return fallback;
}

function lockHeld(status: JsonRecord): boolean {
  const lock = status["lock"];
  if (typeof lock !== "object" || lock === null) return false;
  return record(record(lock)["backup"])["held"] === true;
}

function record(value: unknown): JsonRecord {
  if (!isJsonRecord(value))
    throw new TypeError("pgBackRest's answer has an unknown shape: an object was expected");
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value))
    throw new TypeError("pgBackRest's answer has an unknown shape: a list was expected");
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number")
    throw new TypeError("pgBackRest's answer has an unknown shape: a number was expected");
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string")
    throw new TypeError("pgBackRest's answer has an unknown shape: a text was expected");
  return value;
}
