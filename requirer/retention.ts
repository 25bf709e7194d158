/**
 * What becomes of a retention that an admin asks for.
 *
 * @module
 */
import type { Retention } from "../lib/job/request.ts";
import type { Database } from "./database.ts";
import type { PlannedSchedule } from "./schedules/schedule.ts";

/**
 * What an admin should know who asks a database to expire old backups that does not say that it does. It is no reason to
 * refuse a backup: what is ignored is that something is deleted.
 *
 * @returns Undefined where the database says that it does, or nothing is to be expired.
 */
export function retentionWarning(
  retention: Retention | undefined,
  { application, features }: Pick<Database, "application" | "features">,
): string | undefined {
  if (retention === undefined || features.has("retention")) return undefined;
  return (
    `${application} does not say that it expires backups (feature retention): ` +
    `${describeRetention(retention)} is asked for, and all are kept. Remove old ones with the database's own tools.`
  );
}

/** A schedule, with a warning where its database does not say that it expires backups. */
export function withRetentionWarning(
  schedule: PlannedSchedule,
  databases: readonly Pick<Database, "application" | "relation" | "features">[],
): PlannedSchedule {
  const database = databases.find(
    ({ application, relation }) => application === schedule.database || relation === schedule.database,
  );
  const warning = database === undefined ? undefined : retentionWarning(schedule.retention, database);
  return warning === undefined ? schedule : { ...schedule, warning };
}

/** A retention in words. */
export function describeRetention(retention: Retention): string {
  return "full" in retention ? `keep-full=${retention.full}` : `keep-days=${retention.days}`;
}
