/**
 * All judges of database charms.
 *
 * @module
 */
import { hooksOf } from "./hooks.ts";
import type { Judge } from "./judge.ts";
import { detection, onlyOnce, rightType } from "./provider-detection.ts";
import { alone } from "./provider-locking.ts";
import { reportedByWorker, reportsAreValid, requestsRepeated } from "./provider-reports.ts";
import { endsStay, killedJobs, statusOfJobs } from "./provider-status.ts";
import { artefactsReported, storageOfJobs } from "./provider-storage.ts";

/** The judges. */
export const providerJudges: readonly Judge[] = [
  detection,
  onlyOnce,
  rightType,
  alone,
  statusOfJobs,
  killedJobs,
  endsStay,
  storageOfJobs,
  artefactsReported,
  reportsAreValid,
  reportedByWorker,
  requestsRepeated,
  hooksOf("requirer", {
    fails: "P-33",
    hangs: "P-34",
    unreadable: "P-25",
    malformed: "P-24",
    unknownFields: "P-23",
    unitLeft: "P-31",
    relationRemoved: "P-32",
    leaderChanged: "P-30",
  }),
];
