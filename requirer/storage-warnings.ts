/**
 * What jobs that wait are to tell of a storage that changes meanwhile.
 *
 * @module
 */
import { describeLocation, sameLocation, storageLocation } from "../lib/job/storage-config.ts";
import type { RelatedStorage } from "../lib/storage/s3-relation.ts";
import { hasEnded, type JobRecord } from "./history/job-record.ts";

/**
 * The jobs, with a warning for each that has not begun and whose storage is not related any more. Those whose storage the
 * caller named never were to go to the related one. Pure.
 *
 * @param endpoint The endpoint of the storage, as the charm declares it.
 */
export function withStorageWarnings(
  jobs: readonly JobRecord[],
  related: RelatedStorage,
  endpoint: string,
): readonly JobRecord[] {
  const location = related.complete ? storageLocation(related.storage) : undefined;
  return jobs.map((job) => {
    const { storage, ownStorage, reports } = job;
    if (storage === undefined || ownStorage === true || reports.length > 0 || hasEnded(job)) return job;
    if (location !== undefined && sameLocation(storage, location)) return job;
    const warning =
      `Its storage, ${describeLocation(storage)}, is no longer related as ${endpoint}. ` +
      "It begins all the same, with the keys that it has: relate the storage again, or cancel the job.";
    return { ...job, warning };
  });
}
