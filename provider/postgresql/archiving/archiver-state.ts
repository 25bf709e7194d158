/**
 * What PostgreSQL says of its archiver.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { rejectArchiver, type ArchiverState } from "../checks/archiver-check.ts";
import type { Psql } from "../psql.ts";

/** pgBackRest's archive-timeout. */
const walMissing = "pgbackrest-82";

/** Asks a primary. @throws ExecutorError `postgresql-query-failed`, also where it is none. */
export async function readArchiver(psql: Psql, timeoutMs?: number): Promise<ArchiverState> {
  const [row] = await psql.query(
    "SELECT pg_walfile_name(pg_current_wal_lsn()), " +
      "CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN last_failed_wal END FROM pg_stat_archiver",
    timeoutMs,
  );
  const [current = "", failing = ""] = row ?? [];
  return {
    failing: failing === "" ? undefined : failing,
    timeline: Number.parseInt(current.slice(0, 8), 16),
  };
}

/**
 * Says of WAL that did not arrive what PostgreSQL's archiver stands before, where that explains it.
 *
 * @param failure Any failure; one that is not about WAL that did not arrive is returned as it is.
 */
export async function explainWal(psql: Psql, failure: Failure): Promise<Failure> {
  if (failure.code !== walMissing) return failure;
  const state = await readArchiver(psql).catch(() => undefined);
  const stuck = state === undefined ? undefined : rejectArchiver(state);
  return stuck === undefined ? failure : { ...stuck, message: `${failure.message} ${stuck.message}` };
}
