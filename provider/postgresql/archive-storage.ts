/**
 * The repository to which this cluster archives its WAL. The first backup job that is accepted decides which; from
 * then on every backup must be made there, since a backup is worth nothing without its WAL.
 *
 * What is remembered has no keys; those are only in pgBackRest's configuration file.
 *
 * @module
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { storageLocation, type StorageConfig, type StorageLocation } from "../../lib/job/storage-config.ts";
import { errnoOf } from "../../lib/process/errno.ts";
import type { DatabaseUser } from "./database-user.ts";
import { ExecutorError } from "../../lib/errors.ts";
import type { Settings } from "./options.ts";
import type { Patroni } from "./patroni/patroni.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import type { Psql } from "./psql.ts";

const settleTimeoutMs = 60_000;
const pollMs = 250;

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

/**
 * Makes a storage the one that this cluster archives to, or takes over new keys for the one that it is: writes the
 * configuration, creates the stanza, and has PostgreSQL archive there (flowchart s3-credentials-changed, "Update backup
 * settings" to "Is WAL archiving to S3 working?").
 */
export async function settleArchiveStorage(
  parts: ArchiveParts,
  storage: StorageConfig,
  signal: AbortSignal,
): Promise<PgBackRest> {
  const { settings, user, log } = parts;
  const known = await readArchiveStorage(settings);
  const pgbackrest = await PgBackRest.configure(settings, user, settings.files.archiveConfig, storage);
  try {
    await pgbackrest.stanzaCreate(signal);
  } catch (error) {
    // A storage that did not work does not decide anything.
    if (known === undefined) await pgbackrest.forget();
    throw error;
  }
  if (known === undefined) {
    const draft = `${settings.files.archiveStorage}.draft`;
    await writeFile(draft, `${JSON.stringify(storageLocation(storage))}\n`, { mode: 0o600 });
    await rename(draft, settings.files.archiveStorage);
    log(
      `From now on this cluster archives its WAL to the storage of this job, as stanza ${settings.stanza}.`,
    );
  }
  await archiveWith(parts, archiveCommand(settings));
  await pgbackrest.check(signal);
  return pgbackrest;
}

/** The command with which PostgreSQL archives. */
export function archiveCommand(settings: Settings): string {
  const words = [settings.program, `--config=${settings.files.archiveConfig}`, `--stanza=${settings.stanza}`];
  return `${words.map(shellWord).join(" ")} archive-push %p`;
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

async function archiveWith({ patroni, psql, log }: ArchiveParts, command: string): Promise<void> {
  if ((await psql.value("SHOW archive_command")) === command) return;
  await patroni.patchConfig({ postgresql: { parameters: { archive_command: command } } });
  await waitForArchiveCommand(psql, (shown) => shown === command);
  log("PostgreSQL's archive_command was replaced by pgBackRest's.");
}

/** In archive_command a per cent sign begins a placeholder, and the rest is for a shell. */
function shellWord(word: string): string {
  const plain = /^[\w@+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  return plain.replaceAll("%", "%%");
}
