/**
 * Short names for texts of any length.
 *
 * @module
 */
import type { JobRequest } from "../../lib/job/request.ts";
import { storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";
import type { AskedJob } from "./peer-records.ts";

const digits = 32;

/** The first 32 hexadecimal digits of the SHA-256 of a job's id. */
export function jobDigest(job: string): string {
  return digest(job);
}

/** What tells one request from an edited one. Its credentials may be rotated and its cancel asked for: it is the same. */
export function requestDigest(request: JobRequest | AskedJob): string {
  const kept = Object.entries(request).filter(([field]) => field !== "cancel" && field !== "secretExtra");
  return digest(JSON.stringify(Object.fromEntries(kept), sorted));
}

/** What tells one storage from another, whatever the credentials and the way to it. */
export function storageId(storage: StorageConfig): string {
  const { endpoint, bucket, path } = storageLocation(storage);
  return digest(JSON.stringify([endpoint, bucket, path]));
}

function digest(text: string): string {
  // Loading the module takes longer than all that a dispatch without jobs does.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
