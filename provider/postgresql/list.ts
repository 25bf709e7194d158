/**
 * Lists what a repository holds (flowchart list-backups, from "Does pgBackRest returned the backups list?").
 *
 * @module
 */
import type { Backup } from "../../lib/job/backup.ts";
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import { artefactPathOf } from "./artefact-path.ts";
import { inspect } from "./inspection.ts";
import { ExecutorError } from "../../lib/errors.ts";
import { entriesOf, isLabel, type RepositoryEntry } from "./listing/repository-entries.ts";
import type { Parts } from "./parts.ts";
import { rejectStorage } from "./checks/storage-check.ts";
import type { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { toBackup, type Stanza } from "./pgbackrest/pgbackrest-info.ts";
import type { Timeline } from "./pgbackrest/timeline-history.ts";
import { isPgBackRestAtWork } from "./processes.ts";

/**
 * The backups of our stanza that can be restored, oldest first.
 *
 * @throws ExecutorError where the repository cannot be read.
 */
export async function listBackups(
  parts: Parts,
  storage: StorageConfig,
  signal: AbortSignal,
): Promise<readonly Backup[]> {
  const { stanzas } = await look(parts, storage, async (pgbackrest) => pgbackrest.info(signal));
  const own = stanzas.find(({ name }) => name === parts.settings.stanza);
  return (own?.backups ?? [])
    .filter(({ failed }) => !failed)
    .map((backup) => toBackup(backup, artefactPathOf(storage, parts.settings.stanza, backup.label)));
}

/**
 * Everything that a repository holds, of all its stanzas: what was not finished too, and the timelines.
 *
 * A backup is told to be at work where it is this machine that makes it, or another unit as that one says.
 *
 * @throws ExecutorError where the repository cannot be read.
 */
export async function listEntries(
  parts: Parts,
  storage: StorageConfig,
  backsUpElsewhere: boolean,
  signal?: AbortSignal,
): Promise<readonly RepositoryEntry[]> {
  const { settings } = parts;
  return look(parts, storage, async (pgbackrest) => {
    const { stanzas } = await pgbackrest.info(signal);
    const entries: RepositoryEntry[] = [];
    for (const stanza of stanzas) {
      // What a killed pgBackRest leaves behind keeps its lock too.
      const runsHere = stanza.backupRuns && (await isPgBackRestAtWork(settings.files.archiveConfig));
      const runs = runsHere || (backsUpElsewhere && stanza.name === settings.stanza);
      const folders = (await pgbackrest.backupFolders(stanza.name, signal)).filter(isLabel);
      const timelines = await timelinesOf(pgbackrest, stanza, signal);
      const contents = { stanza, timelines, folders, runs };
      entries.push(...entriesOf(contents, (label) => artefactPathOf(storage, stanza.name, label)));
    }
    return entries;
  });
}

async function look<T>(
  parts: Parts,
  storage: StorageConfig,
  work: (pgbackrest: PgBackRest) => Promise<T>,
): Promise<T> {
  const rejected = rejectStorage(storage);
  if (rejected !== undefined) throw new ExecutorError(rejected);
  return inspect(parts, storage, work);
}

async function timelinesOf(
  pgbackrest: PgBackRest,
  stanza: Stanza,
  signal: AbortSignal | undefined,
): Promise<readonly Timeline[]> {
  const timelines: Timeline[] = [];
  for (const { id } of stanza.archives)
    timelines.push(...(await pgbackrest.timelines(stanza.name, id, signal)));
  return timelines;
}
