/**
 * Puts the old cluster back after a restore that failed, was cancelled, or whose worker died. Every step may be
 * repeated.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isAside, putBack, removeRestored, standingAside } from "./data-directory.ts";
import { ExecutorError } from "../../../lib/errors.ts";
import { failureOf } from "../job-failure.ts";
import type { Parts } from "../parts.ts";
import { PgBackRest } from "../pgbackrest/pgbackrest.ts";
import { stopCluster } from "../patroni/patroni-service.ts";
import { endPgBackRest } from "../processes.ts";
import { removeRestoreJournal, writeRestoreJournal, type RestoreJournal } from "./restore-journal.ts";

const primaryTimeoutMs = 15 * 60_000;
const pollMs = 300;

/** How a restore was left: the old database is back, or it was discarded and there is none. */
export type Undone = "put back" | "discarded";

/**
 * Puts the old cluster back and waits until it is the primary again. Where the old data was given up and written over,
 * everything is stopped, so that nothing makes an empty database in its place.
 *
 * @throws ExecutorError `restore-not-undone`, which says where the old data lies and what to do.
 */
export async function undoRestore(
  parts: Parts,
  journal: RestoreJournal,
  log: (line: string) => void,
): Promise<Undone> {
  const { settings, service, patroni, user } = parts;
  try {
    // First pgBackRest: Patroni waits for it before it ends.
    await endPgBackRest(settings.files.restoreConfig);
    await stopCluster(service, settings.postgresql.dataDirectory, "immediate");
    await endPgBackRest(settings.files.restoreConfig);
    if (journal.discards === true && !(await isAside(journal.moves))) {
      // Patroni's file stays: with it, a Patroni that somebody starts fails; without, it would make an empty cluster.
      await PgBackRest.existing(settings, user, settings.files.restoreConfig).forget();
      log("The former database was discarded: there is none until a restore succeeds.");
      return "discarded";
    }
    log("Putting the former database back.");
    // Before anything is written: the disk may be full.
    await removeRestored(journal.moves);
    const { discards: _, ...kept } = journal;
    // What is back does not stand aside any more, and must not be taken for discarded then.
    await writeRestoreJournal(settings, kept);
    await rm(settings.files.overlay, { force: true });
    await putBack(journal.moves);
    await patroni.removeCluster();
    await service.resumeRestarts();
    await service.start();
    await waitForPrimary(parts);
    await patroni.replaceConfig(journal.config);
    await PgBackRest.existing(settings, user, settings.files.restoreConfig).forget();
    await removeRestoreJournal(settings);
    log("The former database is the primary again.");
    return "put back";
  } catch (error) {
    const aside = await standingAside(journal.moves).catch(() => []);
    const where =
      aside.length === 0
        ? `the former data is back in ${settings.postgresql.dataDirectory}`
        : `the former data lies in ${aside.join(", ")}`;
    throw new ExecutorError(
      {
        code: "restore-not-undone",
        message: `The former database could not be put back, ${where}: ${failureOf(error).message}`,
        remedy:
          aside.length === 0
            ? "Start Patroni and read its log; the data needs no repair."
            : `Stop Patroni, delete ${settings.files.overlay}, move ${aside.join(", ")} back to the name without ` +
              "the ending, and start Patroni.",
      },
      error,
    );
  }
}

/** Waits until this unit's PostgreSQL is the primary and takes writes. */
export async function waitForPrimary({ patroni, service }: Parts): Promise<void> {
  const deadline = performance.now() + primaryTimeoutMs;
  for (;;) {
    const member = await patroni.member(2_000);
    if (member?.isPrimary === true && member.locked && member.state === "running") return;
    const gaveUp = performance.now() > deadline;
    if (gaveUp || (member === undefined && !(await service.running())))
      throw new ExecutorError({
        code: "patroni-not-primary",
        message: gaveUp
          ? `PostgreSQL was not the primary again after ${primaryTimeoutMs / 60_000} minutes.`
          : "Patroni ended right after its start.",
        remedy: "Read Patroni's log.",
      });
    await sleep(pollMs);
  }
}
