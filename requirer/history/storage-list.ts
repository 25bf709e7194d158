/**
 * The storages of a history's jobs, each kept once: most jobs go to the same, and a record has little room.
 *
 * @module
 */
import type { StorageLocation } from "../../lib/job/storage-config.ts";
import { jsonBytes } from "./bounded-json.ts";
import type { JobRecord } from "./job-record.ts";

/** How many storages are kept, those of the newest jobs; a record has one digit for its number. */
const maxStorages = 8;
const mostBytes = 200;
const between = "\t";

/** The storages of some jobs, as they are kept, with their numbers. @param jobs The newest last. */
export function storagesOf(jobs: readonly JobRecord[]): ReadonlyMap<string, number> {
  const storages = new Map<string, number>();
  for (const { storage } of jobs.toReversed()) {
    const text = storageText(storage);
    if (text !== undefined && !storages.has(text)) storages.set(text, storages.size);
    if (storages.size === maxStorages) break;
  }
  return storages;
}

/** A storage as it is kept; undefined where it cannot be: it is told whole or not at all. */
export function storageText(location: StorageLocation | undefined): string | undefined {
  if (location === undefined) return undefined;
  const { endpoint, bucket, path } = location;
  const text = [endpoint, bucket, path].join(between);
  const isKept = text.isWellFormed() && jsonBytes(text) <= mostBytes && storageOf(text) !== undefined;
  return isKept ? text : undefined;
}

/** What {@link storageText} wrote. */
export function storageOf(text: unknown): StorageLocation | undefined {
  const [endpoint, bucket, path, ...more] = typeof text === "string" ? text.split(between) : [];
  if (endpoint === undefined || bucket === undefined || path === undefined || more.length > 0)
    return undefined;
  return { endpoint, bucket, path };
}
