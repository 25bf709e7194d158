/**
 * What a restore would do, before anybody asks for it.
 *
 * @module
 */
import type { Backup } from "../lib/job/backup.ts";
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

/** From what a restore to a time begins, as far as the list of backups tells. */
function sourceOf(time: string | undefined, backups: readonly Backup[] | undefined): string {
  const moment = Date.parse(time ?? "");
  const what = time === "latest" ? "the newest backup" : "the newest backup before that moment";
  const [newest] = (backups ?? [])
    .filter(({ finishedAt }) => !(Date.parse(finishedAt) > moment))
    .toSorted((a, b) => Date.parse(b.finishedAt) - Date.parse(a.finishedAt));
  return newest === undefined ? what : `${what} (${newest.id}, ${shownTime(newest.finishedAt)}, by its list)`;
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
      ? sourceOf(restoreToTime, backups)
      : backup === undefined
        ? `backup ${shownId(backupId)}`
        : `the ${backup.type} backup ${backup.id} (${shownTime(backup.finishedAt)}, ${shownSize(backup.sizeBytes)})`;
  const moment =
    restoreToTime === "latest" ? "the newest state in the storage" : shownId(restoreToTime ?? "");
  const to = restoreToTime === undefined ? "to the state of that backup" : `to ${moment}`;
  const point = restoreToTime ?? backup?.finishedAt;
  const target = Date.parse(restoreToTime ?? "");
  const isTooEarly = (each: Backup): boolean => Date.parse(each.finishedAt) > target;
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
      ...(backup !== undefined && isTooEarly(backup)
        ? [
            `${shownId(backup.id)} was finished after ${shownTime(restoreToTime)}: it cannot go back to that time.`,
          ]
        : []),
      ...(backupId === undefined && backups !== undefined && backups.every(isTooEarly)
        ? [`No backup that ${application} publishes was finished before ${shownTime(restoreToTime)}.`]
        : []),
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
