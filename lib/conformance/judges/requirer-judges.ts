/**
 * All judges of backup managers.
 *
 * @module
 */
import { hooksOf } from "./hooks.ts";
import type { Judge } from "./judge.ts";
import { relayed } from "./requirer-relay.ts";
import { requestsAreValid, requestsMade, storageOfRequests } from "./requirer-requests.ts";

/** The judges. */
export const requirerJudges: readonly Judge[] = [
  requestsMade,
  requestsAreValid,
  storageOfRequests,
  relayed,
  hooksOf("provider", {
    fails: "R-24",
    hangs: "R-25",
    unreadable: "R-16",
    malformed: "R-15",
    unknownFields: "R-14",
    unitLeft: "R-23",
    relationRemoved: "R-11",
    leaderChanged: "R-22",
  }),
];
