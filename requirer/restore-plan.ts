/**
 * What a restore would do, before anybody asks for it.
 *
 * @module
 */
import { describeLocation, storageLocation, type StorageConfig } from "../lib/job/storage-config.ts";
import { shownId } from "../lib/printable.ts";
import type { Database } from "./database.ts";
import type { History } from "./history/history.ts";
import type { RestoreOptions } from "./job-options.ts";
import { shownSize, shownTime } from "./shown.ts";

/** What a restore would do. */
export interface RestorePlan {
  /** What would be replaced: what the admin has to confirm. */
  readonly application: string;
  /** From what to what, one line. */
  readonly restores: string;
  /** What would be lost, one line. */
  readonly loses: string;
  /** What is in its way, one line each. */
  readonly warnings: readonly string[];
}

/** Words a plan. Pure. */
export function planOfRestore(
  options: RestoreOptions,
  database: Database,
  storage: StorageConfig,
  history: History,
  now: Date,
): RestorePlan {
  const { backupId, restoreToTime } = options;
  const { application, backups } = database;
  const backup = backups?.find(({ id, artefactPath }) => id === backupId || artefactPath === backupId);
  const isUnknown = backupId !== undefined && backups !== undefined && backup === undefined;
  const source =
    backupId === undefined
      ? "the newest backup before that moment"
      : backup === undefined
        ? `backup ${shownId(backupId)}`
        : `the ${backup.type} backup ${backup.id} (${shownTime(backup.finishedAt)}, ${shownSize(backup.sizeBytes)})`;
  const moment =
    restoreToTime === "latest" ? "the newest state in the storage" : shownId(restoreToTime ?? "");
  const to = restoreToTime === undefined ? "to the state of that backup" : `to ${moment}`;
  const point = restoreToTime ?? backup?.finishedAt;
  const isFuture = point !== undefined && Date.parse(point) > now.getTime();
  return {
    application,
    restores: `${application} from ${source} ${to}, in ${describeLocation(storageLocation(storage))}.`,
    loses:
      restoreToTime === "latest"
        ? `What ${application} wrote and has not yet archived; the database is down meanwhile.`
        : `All that ${application} has written since ${point === undefined ? "that backup" : shownTime(point)}; the database is down meanwhile.`,
    warnings: [
      ...(isFuture ? [`${shownTime(point)} is in the future.`] : []),
      ...(isUnknown
        ? [`${shownId(backupId)} is not among the backups that ${application} publishes (list-backups).`]
        : []),
      ...history.open
        .filter((job) => job.application === application)
        .map((job) => `A ${job.type} is ${job.phase} already: job ${shownId(job.id)}.`)
        .slice(0, 5),
    ],
  };
}
