/**
 * Lists the backups of a repository (flowchart list-backups, from "Does pgBackRest returned the backups list?").
 *
 * @module
 */
import type { Backup } from "../../lib/job/backup.ts";
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import { artefactPathOf } from "./artefact-path.ts";
import { inspect } from "./facts.ts";
import { ExecutorError } from "../../lib/errors.ts";
import type { Parts } from "./parts.ts";
import { rejectStorage } from "./checks/storage-check.ts";
import { toBackup } from "./pgbackrest/pgbackrest-info.ts";

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
  const rejected = rejectStorage(storage);
  if (rejected !== undefined) throw new ExecutorError(rejected);
  const { stanzas } = await inspect(parts, storage, (pgbackrest) => pgbackrest.info(signal));
  const own = stanzas.find(({ name }) => name === parts.settings.stanza);
  return (own?.backups ?? [])
    .filter(({ failed }) => !failed)
    .map((backup) => toBackup(backup, artefactPathOf(storage, parts.settings.stanza, backup.label)));
}
