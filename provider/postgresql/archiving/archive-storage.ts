/**
 * The repository to which this cluster archives its WAL. The storage that is related decides which, else the first
 * backup job that is accepted; every backup must be made there, since a backup is worth nothing without its WAL.
 *
 * What is remembered has no keys; those are only in pgBackRest's configuration file.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  describeLocation,
  sameLocation,
  storageLocation,
  type StorageConfig,
  type StorageLocation,
} from "../../../lib/job/storage-config.ts";
import { errnoOf } from "../../../lib/process/errno.ts";
import { readMembers } from "../cluster/known-members.ts";
import type { DatabaseUser } from "../database-user.ts";
import { ExecutorError } from "../../../lib/errors.ts";
import { inspect } from "../inspection.ts";
import { isJsonRecord } from "../json-record.ts";
import { keepRecord } from "../kept-record.ts";
import type { Settings } from "../options.ts";
import type { DynamicConfig, Patroni } from "../patroni/patroni.ts";
import { PgBackRest } from "../pgbackrest/pgbackrest.ts";
import type { Psql } from "../psql.ts";

const settleTimeoutMs = 60_000;
const pollMs = 250;
const archiveTimeoutMs = 3_000;
const archivePollMs = 100;

/** The repository that this cluster archives to; undefined where none is settled yet. */
export async function readArchiveStorage(settings: Settings): Promise<StorageLocation | undefined> {
  let text: string;
  try {
    text = await readFile(settings.files.archiveStorage, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const location: StorageLocation = JSON.parse(text);
  return location;
}

/** What {@link settleArchiveStorage} works with. */
export interface ArchiveParts {
  readonly settings: Settings;
  readonly user: DatabaseUser;
  readonly patroni: Patroni;
  readonly psql: Psql;
  readonly log: (line: string) => void;
}

/** How a storage became the one that a cluster archives to. */
export interface SettledArchive {
  readonly pgbackrest: PgBackRest;
  /** Whether anything had to be changed for it. */
  readonly isNew: boolean;
}

/**
 * Makes a storage the one that this cluster archives to, or takes over new keys for the one that it is: creates the stanza,
 * writes the configuration, and has PostgreSQL archive there. Before a backup: where nothing is new, it is left to the
 * backup to prove that WAL arrives, which it does before it copies the first file.
 *
 * @param isStanzaThere Whether the storage is known to hold the stanza of this very database.
 */
export async function settleArchiveStorage(
  parts: ArchiveParts,
  storage: StorageConfig,
  isStanzaThere: boolean,
  signal: AbortSignal,
): Promise<PgBackRest> {
  if (!isStanzaThere) await createStanza(parts, storage, signal);
  const { pgbackrest, isNew } = await archiveTo(parts, storage);
  if (isNew || !isStanzaThere) await pgbackrest.check(signal);
  return pgbackrest;
}

/** Creates the stanza, with a configuration of its own: settings that do not work replace none that do. */
export async function createStanza(
  parts: Pick<ArchiveParts, "settings" | "user">,
  storage: StorageConfig,
  signal?: AbortSignal,
): Promise<void> {
  await inspect(parts, storage, async (pgbackrest) => pgbackrest.stanzaCreate(signal));
}

/** Has PostgreSQL archive to a storage whose stanza is there. On the primary. */
export async function archiveTo(parts: ArchiveParts, storage: StorageConfig): Promise<SettledArchive> {
  const { pgbackrest, isNew } = await keepArchiveStorage(parts, storage);
  const command = archiveCommand(parts.settings);
  const isNewHere = await archiveHere(parts, command);
  const isNewEverywhere = await archiveEverywhere(parts, command);
  return { pgbackrest, isNew: isNew || isNewHere || isNewEverywhere };
}

/** Lets a replica archive to where the primary does, should it be promoted: then it has all that it needs. */
export async function archiveAsThePrimary(parts: ArchiveParts, storage: StorageConfig): Promise<void> {
  await keepArchiveStorage(parts, storage);
  await archiveHere(parts, archiveCommand(parts.settings));
}

async function keepArchiveStorage(
  { settings, user, log }: ArchiveParts,
  storage: StorageConfig,
): Promise<SettledArchive> {
  const known = await readArchiveStorage(settings);
  const location = storageLocation(storage);
  const before = await configurationText(settings);
  const pgbackrest = await PgBackRest.configure(settings, user, settings.files.archiveConfig, storage);
  let isNew = before !== (await configurationText(settings));
  if (known === undefined || !sameLocation(known, location)) {
    isNew = true;
    await keepRecord(settings.files.archiveStorage, location);
    log(
      `From now on this cluster archives its WAL to ${describeLocation(location)}, as stanza ${settings.stanza}.`,
    );
  }
  return { pgbackrest, isNew };
}

/** What WAL is archived with; undefined where nothing is yet. */
async function configurationText({ files }: Settings): Promise<string | undefined> {
  return await readFile(files.archiveConfig, "utf8").catch(() => undefined);
}

/** The command with which PostgreSQL archives. */
export function archiveCommand(settings: Settings): string {
  const words = [settings.program, `--config=${settings.files.archiveConfig}`];
  return `${words.map(shellWord).join(" ")}${archivePush(settings)}`;
}

/** What the commands of all members end with. */
function archivePush(settings: Settings): string {
  return ` ${shellWord(`--stanza=${settings.stanza}`)} archive-push %p`;
}

/**
 * Sees to it that all WAL up to now is in the repository. On the primary.
 *
 * PostgreSQL is asked first, which knows as soon as its archive_command has ended. Where that is not the executor's, or takes
 * long, pgBackRest looks into the repository itself, and says what is wrong.
 */
export async function archiveUpToNow(
  { settings, psql }: Pick<ArchiveParts, "settings" | "psql">,
  pgbackrest: PgBackRest,
  signal?: AbortSignal,
): Promise<void> {
  // Without a transaction since the last switch there would be nothing to switch.
  await psql.query("SELECT txid_current()");
  const segment = await psql.value("SELECT pg_walfile_name(pg_switch_wal())");
  const isOurs = (await psql.value("SHOW archive_command")) === archiveCommand(settings);
  if (isOurs && (await isSoonArchived(psql, segment))) return;
  await pgbackrest.check(signal);
}

async function isSoonArchived(psql: Psql, segment: string): Promise<boolean> {
  const deadline = performance.now() + archiveTimeoutMs;
  do {
    const archived = `SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name = '${segment}.done'`;
    if ((await psql.value(archived)) === "1") return true;
    await sleep(archivePollMs);
  } while (performance.now() < deadline);
  return false;
}

/** Waits until PostgreSQL uses an archive_command that fits. */
export async function waitForArchiveCommand(psql: Psql, fits: (command: string) => boolean): Promise<void> {
  const deadline = performance.now() + settleTimeoutMs;
  for (;;) {
    const shown = await psql.value("SHOW archive_command");
    if (fits(shown)) return;
    if (performance.now() > deadline)
      throw new ExecutorError({
        code: "archive-command-overridden",
        message: "PostgreSQL did not take over the archive_command from Patroni's dynamic configuration.",
        remedy:
          "Remove archive_command from Patroni's own configuration files, which override the dynamic one.",
      });
    await sleep(pollMs);
  }
}

/**
 * Sets the command in this member's own configuration, which outranks that of the cluster: each unit has its settings
 * at a path of its own. A unit alone needs none.
 *
 * @returns Whether PostgreSQL had to be told.
 */
async function archiveHere(
  { settings, user, patroni, psql }: ArchiveParts,
  command: string,
): Promise<boolean> {
  const file = settings.files.archiveOverlay;
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept === undefined && Object.keys((await readMembers(settings)).others).length === 0) return false;
  const overlay = { postgresql: { parameters: { archive_command: command } } };
  const text = `${JSON.stringify(overlay, null, 2)}\n`;
  if (text !== kept) await user.writeFile(file, text, 0o640);
  if ((await psql.value("SHOW archive_command")) === command) return false;
  await patroni.reload();
  await waitForArchiveCommand(psql, (shown) => shown === command);
  return true;
}

/**
 * Sets the command in the configuration of the cluster. A member that has no settings yet cannot do anything with it, and
 * that is better than to archive nowhere: PostgreSQL keeps its WAL until the member has them.
 *
 * @returns Whether anything was changed.
 */
async function archiveEverywhere(
  { settings, patroni, psql, log }: ArchiveParts,
  command: string,
): Promise<boolean> {
  const dynamic = archiveCommandIn(await patroni.config());
  const isAnyMembers = dynamic?.endsWith(archivePush(settings)) === true;
  if (isAnyMembers && (await psql.value("SHOW archive_command")) === command) return false;
  await patroni.patchConfig({ postgresql: { parameters: { archive_command: command } } });
  await waitForArchiveCommand(psql, (shown) => shown === command);
  log("PostgreSQL's archive_command was replaced by pgBackRest's.");
  return true;
}

function archiveCommandIn({ postgresql }: DynamicConfig): string | undefined {
  const parameters = isJsonRecord(postgresql) ? postgresql["parameters"] : undefined;
  const command = isJsonRecord(parameters) ? parameters["archive_command"] : undefined;
  return typeof command === "string" ? command : undefined;
}

/** In archive_command a per cent sign begins a placeholder, and the rest is for a shell. */
function shellWord(word: string): string {
  const plain = /^[\w@+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  return plain.replaceAll("%", "%%");
}
