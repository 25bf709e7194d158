/**
 * Cleans up after a worker that died: ends what it left running, puts the old cluster back or finishes the restore.
 *
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { JobContext, Recovery } from "../../lib/executor.ts";
import type { Parts } from "./parts.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { endOrphans, endPgBackRest } from "./processes.ts";
import { finishRestore } from "./restore/restore-finish.ts";
import { readRestoreJournal } from "./restore/restore-journal.ts";
import { undoRestore } from "./restore/restore-undo.ts";

/**
 * Cleans up. May be called again, also when there is nothing to clean up.
 *
 * @throws ExecutorError `restore-not-undone`: the unit takes no job until a later try succeeds.
 */
export async function recoverFrom(parts: Parts, context: JobContext): Promise<Recovery> {
  const { settings } = parts;
  const log = (line: string): void => context.log(line);
  // A pgBackRest whose main process was killed leaves its helpers behind, which keep its lock for ever.
  const left = await endPgBackRest(settings.files.archiveConfig);
  await removeInspections(settings.files.pgbackrest);
  const journal = await readRestoreJournal(settings);
  if (journal === undefined) {
    await PgBackRest.existing(settings, parts.user, settings.files.restoreConfig).forget();
    return {
      message:
        left === 0
          ? "Nothing was left to clean up."
          : `The worker had left ${left} pgBackRest processes, which were ended.`,
    };
  }
  if (journal.stage === "proven") {
    const warnings = await finishRestore(parts, journal, log);
    return { message: ["The restore had succeeded and was brought to its end.", ...warnings].join(" ") };
  }
  await undoRestore(parts, journal, log);
  return { message: "The restore was undone: the database is as it was before." };
}

/** Ends what a pgBackRest that was killed left running: it would keep the lock that the next job needs. */
export async function endLeftovers(parts: Parts, log: (line: string) => void): Promise<void> {
  const ended = await endOrphans(parts.settings.files.archiveConfig);
  if (ended > 0)
    log(`WARN: ${ended} pgBackRest processes whose main process was gone were ended, to free their lock.`);
}

/** Configurations with keys that were in use for a moment when the worker died. */
async function removeInspections(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) if (name.startsWith("inspect-")) await rm(join(folder, name), { force: true });
}
