/**
 * Brings a restore to its end once the restored database is proven.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { archiveUpToNow, readArchiveStorage, waitForArchiveCommand } from "../archiving/archive-storage.ts";
import { becomeForeign } from "../archiving/foreign-repositories.ts";
import { deleteOld } from "./data-directory.ts";
import { failureOf } from "../job-failure.ts";
import type { Parts } from "../parts.ts";
import { PgBackRest } from "../pgbackrest/pgbackrest.ts";
import { readRestoreJournal, removeRestoreJournal, type RestoreJournal } from "./restore-journal.ts";
import { holdingArchiveCommand } from "./restore-overlay.ts";

/**
 * What is left to do once the restored database is proven: let it archive, and delete the old one. May be repeated.
 *
 * @returns What the admin should know although all is well.
 */
export async function finishRestore(
  parts: Parts,
  journal: RestoreJournal,
  log: (line: string) => void,
): Promise<readonly string[]> {
  const { settings, service, patroni, psql, user } = parts;
  const warnings: string[] = [];
  if (journal.foreign !== undefined) {
    await becomeForeign(settings, journal.foreign);
    warnings.push(
      "The database is another cluster's now, and its WAL is archived nowhere until it has a storage path of its own.",
    );
  }
  await rm(settings.files.overlay, { force: true });
  await patroni.replaceConfig(journal.config);
  await patroni.reload();
  try {
    await waitForArchiveCommand(psql, (shown) => shown !== holdingArchiveCommand);
    if ((await readArchiveStorage(settings)) !== undefined) {
      await archiveUpToNow(parts, PgBackRest.existing(settings, user, settings.files.archiveConfig));
      log("WAL reaches the repository of this cluster again.");
    }
  } catch (error) {
    warnings.push(`The database is restored, but its WAL is not archived: ${failureOf(error).message}`);
  }
  await service.resumeRestarts();
  await deleteOld(journal.moves);
  log("The former database was deleted.");
  await PgBackRest.existing(settings, user, settings.files.restoreConfig).forget();
  await removeRestoreJournal(settings);
  return warnings;
}

/**
 * Brings an earlier restore to its end that was proven but did not get there. Does nothing where there is none.
 *
 * @returns Whether there was one.
 */
export async function finishEarlierRestore(parts: Parts, log: (line: string) => void): Promise<boolean> {
  const journal = await readRestoreJournal(parts.settings);
  if (journal?.stage !== "proven") return false;
  await finishRestore(parts, journal, log);
  return true;
}
