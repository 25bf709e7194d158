/**
 * Cleans up after a worker that died: ends what it left running, and sees a restore to its end or puts the old cluster back.
 *
 * @module
 */
import { access } from "node:fs/promises";
import { ExecutorError } from "../../lib/errors.ts";
import type { JobContext, Recovery } from "../../lib/executor.ts";
import { identifyProcess } from "../../lib/machine/process-identity.ts";
import { leaveBackup } from "./backup/member-in-backup.ts";
import { decideAdoption, type Adoption } from "./checks/adoption.ts";
import { endInspections } from "./inspection.ts";
import { cancelledFailure, failureOf } from "./job-failure.ts";
import type { Parts } from "./parts.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { endOrphans, endPgBackRest } from "./processes.ts";
import { completeRestore, endFailed, finishProven } from "./restore/restore-end.ts";
import { readRestoreJournal, type RestoreJournal } from "./restore/restore-journal.ts";
import { undoRestore } from "./restore/restore-undo.ts";

/**
 * Cleans up. May be called again, also when there is nothing to clean up.
 *
 * A restore that Patroni carries on with is adopted: it takes as long as it takes, and can be cancelled.
 *
 * @throws ExecutorError `restore-not-undone`: the unit takes no job until a later try succeeds.
 */
export async function recoverFrom(parts: Parts, context: JobContext): Promise<Recovery> {
  const { settings } = parts;
  const log = (line: string): void => context.log(line);
  // A pgBackRest whose main process was killed leaves its helpers behind, which keep its lock for ever.
  const left =
    (await endPgBackRest(settings.files.archiveConfig)) + (await endInspections(settings.files.pgbackrest));
  const isLetIn = await leaveBackup(parts, log);
  const journal = await readRestoreJournal(settings);
  if (journal === undefined) {
    await PgBackRest.existing(settings, parts.user, settings.files.restoreConfig).forget();
    const found = [
      ...(left === 0 ? [] : [`The worker had left ${left} pgBackRest processes, which were ended.`]),
      ...(isLetIn ? ["Clients may connect to this unit's database again, and Patroni's tags are gone."] : []),
    ];
    return { message: found.length === 0 ? "Nothing was left to clean up." : found.join(" ") };
  }
  switch (await adoption(parts, journal)) {
    case "finish":
      return {
        message: "The restore had succeeded and was brought to its end.",
        result: await finishProven(parts, journal, log),
      };
    case "adopt":
      return adopt(parts, journal, context);
    case "undo":
      return {
        message:
          (await undoRestore(parts, journal, log)) === "put back"
            ? "The restore was undone: the database is as it was before."
            : "The old data had been discarded, as the request allowed: there is no database until a restore succeeds.",
      };
  }
}

async function adoption({ settings, service }: Parts, journal: RestoreJournal): Promise<Adoption> {
  return decideAdoption({
    stage: journal.stage,
    isSameBoot: (await identifyProcess(process.pid))?.bootId === journal.bootId,
    isPatroniRunning: await service.running(),
    isConfigured: await access(settings.files.overlay).then(
      () => true,
      () => false,
    ),
  });
}

async function adopt(parts: Parts, begun: RestoreJournal, context: JobContext): Promise<Recovery> {
  context.log("Patroni carries on with the restore; waiting for its end.");
  let journal = begun;
  try {
    const result = await completeRestore(parts, begun, context, (proven) => (journal = proven));
    return { message: "The restore went on without its worker, and succeeded.", result };
  } catch (error) {
    const cause = context.signal.aborted ? cancelledFailure : failureOf(error);
    context.log(`The restore failed: ${cause.message}`);
    const failure = await endFailed(parts, journal, cause, (line) => context.log(line));
    // What stands in the way of the next job has to be tried again, and is no end.
    if (failure.code === "restore-not-undone") throw new ExecutorError(failure, error);
    return { message: failure.message, result: { succeeded: false, failure } };
  }
}

/**
 * Ends what a pgBackRest that was killed left running: it would keep the lock that the next job needs.
 *
 * @returns Whether there was anything.
 */
export async function endLeftovers(parts: Parts, log: (line: string) => void): Promise<boolean> {
  const ended = await endOrphans(parts.settings.files.archiveConfig);
  if (ended > 0)
    log(`WARN: ${ended} pgBackRest processes whose main process was gone were ended, to free their lock.`);
  return ended > 0;
}
