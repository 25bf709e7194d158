/**
 * Makes requests of what callers ask for.
 *
 * @module
 */
import type { BackupRequest, RestoreRequest, ScheduleSlot } from "../lib/job/request.ts";
import type { Database } from "./database.ts";
import type { BackupOptions, JobOptions, RestoreOptions } from "./job-options.ts";
import { requireFeature } from "./request-checks.ts";

/** What every request has. */
export type RequestBaseline = Pick<BackupRequest, "id" | "storage" | "compression" | "requestedAt">;

/** @throws RequestError `feature-missing` */
export function backupRequest(
  base: RequestBaseline,
  database: Database,
  options: BackupOptions & { readonly schedule?: ScheduleSlot },
): BackupRequest {
  const { backupType = "full", retention, schedule } = options;
  if (backupType !== "full") requireFeature(database, "backup-type", `a ${backupType} backup`);
  return {
    ...base,
    ...deadline(database, options),
    type: "backup",
    backupType,
    ...(retention === undefined ? {} : { retention }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** @throws RequestError `feature-missing` */
export function restoreRequest(
  base: RequestBaseline,
  database: Database,
  options: RestoreOptions,
): RestoreRequest {
  const { backupId, restoreToTime, restoreTimeline, discardOldData } = options;
  if (restoreToTime !== undefined || restoreTimeline !== undefined) {
    requireFeature(database, "restore-to-time", "a restore to a time");
  }
  if (discardOldData === true)
    requireFeature(database, "discard-old-data", "a restore that discards the old data");
  return {
    ...base,
    ...deadline(database, options),
    type: "restore",
    ...(backupId === undefined ? {} : { artefactPath: backupId }),
    ...(restoreToTime === undefined ? {} : { restoreToTime }),
    ...(restoreTimeline === undefined ? {} : { restoreTimeline }),
    ...(discardOldData === true ? { discardOldData } : {}),
  };
}

function deadline(database: Database, { startBefore }: JobOptions): { readonly startBefore?: string } {
  if (startBefore === undefined) return {};
  requireFeature(database, "start-before", "a job with a deadline");
  return { startBefore };
}
