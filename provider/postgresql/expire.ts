/**
 * Expires old backups after a new one was made, a step of its own: what it removes is listed, and what goes wrong in it
 * makes no good backup bad.
 *
 * @module
 */
import type { JobContext } from "../../lib/executor.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import { failureOf, oneLine } from "./job-failure.ts";
import type { Parts } from "./parts.ts";
import type { PgBackRest } from "./pgbackrest/pgbackrest.ts";

/** How much of the report the names of the expired backups may take. The job's log has all of them. */
const longestList = 300;

/**
 * Expires what the request's retention does not keep; without a retention, nothing.
 *
 * @returns What the admin should read in the report.
 */
export async function expireOthers(
  { settings }: Pick<Parts, "settings">,
  pgbackrest: PgBackRest,
  { retention }: BackupRequest,
  context: JobContext,
): Promise<readonly string[]> {
  if (retention === undefined) return [];
  const labels = async (): Promise<readonly string[]> => {
    const { stanzas } = await pgbackrest.info(context.signal);
    return stanzas.find(({ name }) => name === settings.stanza)?.labels ?? [];
  };
  const kept = "full" in retention ? `${retention.full} full backups` : `backups of ${retention.days} days`;
  context.log(`Expiring all but ${kept}, with what they need.`);
  try {
    const before = await labels();
    await pgbackrest.expire(retention, context.signal);
    const left = new Set(await labels());
    const removed = before.filter((label) => !left.has(label));
    for (const label of removed) context.log(`expired ${label}`);
    if (removed.length === 0) return [];
    return [`Expired ${removed.length} older backups: ${oneLine(removed.join(", "), longestList)}.`];
  } catch (error) {
    const why = failureOf(error).message;
    context.log(`WARN: older backups were not expired: ${why}`);
    return [`Older backups were not expired: ${why}`];
  }
}
