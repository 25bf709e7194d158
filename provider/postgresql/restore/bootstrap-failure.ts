/**
 * What made Patroni give up a database that it bootstrapped from a backup, as the logs tell it. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { pgBackRestFailure } from "../pgbackrest/pgbackrest-errors.ts";
import { fullDisk, type RestoredTo } from "./full-disk.ts";
import { unreachableTarget } from "./unreachable-target.ts";

/** What each server says that is started, or stopped, whatever becomes of it. */
const ordinary = /^(the database system is|terminating connection|archive command failed)/;

/**
 * The failure of a bootstrap.
 *
 * @param restoredTo How much room there was when it failed.
 * @param log What pgBackRest, Patroni and PostgreSQL have logged since the restore began.
 */
export function bootstrapFailure(restoredTo: readonly RestoredTo[], log: string): Failure {
  if (/recovery ended before configured recovery target was reached/.test(log)) return unreachableTarget(log);
  const full = fullDisk(restoredTo, log);
  if (full !== undefined) return full;
  const pgbackrest = /ERROR: \[(\d+)\]/.exec(log);
  if (pgbackrest !== null) return pgBackRestFailure("restore", Number(pgbackrest[1]), log);
  const fatal = [...log.matchAll(/\b(?:FATAL|PANIC):\s+(.*)/g)]
    .map((match) => match[1] ?? "")
    .findLast((line) => !ordinary.test(line));
  return {
    code: "restore-bootstrap-failed",
    message:
      fatal === undefined
        ? "Patroni ended without making the restored database the primary."
        : `PostgreSQL could not recover the restored database: ${fatal.slice(0, 200)}`,
    remedy: "Read Patroni's and PostgreSQL's logs of the time of the restore.",
  };
}
