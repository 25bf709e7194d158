/**
 * Which side of the interface wrote a databag.
 *
 * @module
 */
import { isObject } from "../../wire/list-value.ts";
import { sides, type Side } from "../../wire/side.ts";

/** Fields of a job that one side alone writes. */
const ownFields: Readonly<Record<Side, readonly string[]>> = {
  provider: [
    "status",
    "phase",
    "message",
    "progress",
    "started-at",
    "finished-at",
    "backup-id",
    "size-bytes",
  ],
  requirer: [
    "backup-type",
    "restore-to-time",
    "restore-timeline",
    "requested-at",
    "start-before",
    "cancel",
    "retention",
    "secret-extra",
  ],
};

/**
 * Tells by their fields which side wrote jobs. Undefined where no field belongs to one side alone: a request of version
 * 0 may as well be a report that lacks its status.
 */
export function sideOfJobs(jobs: readonly unknown[]): Side | undefined {
  const [provider, requirer] = sides.map((side) => indexOfSide(jobs, side) >= 0);
  if (provider === requirer) return undefined;
  return provider === true ? "provider" : "requirer";
}

/** The first job with a field that one side alone writes; -1 where there is none. */
export function indexOfSide(jobs: readonly unknown[], side: Side): number {
  return jobs.findIndex((job) => isObject(job) && ownFields[side].some((field) => Object.hasOwn(job, field)));
}
