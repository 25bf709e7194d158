/**
 * The storage that an endpoint must have for what was asked, or why there is none.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import type { StorageConfig } from "../job/storage-config.ts";
import type { RelatedStorage } from "./s3-relation.ts";

/** Who asks, for the message and the remedy. */
export interface StorageUser {
  readonly application: string;
  /** The endpoint of the interface `s3`. */
  readonly endpoint: string;
  /** For example `backup manager`. */
  readonly role: string;
}

/**
 * The storage that an endpoint says, if all of it can be used: without a field that could not be read, a job might go to
 * another server than the admin means.
 */
export function usableStorageOf(related: RelatedStorage): StorageConfig | undefined {
  return related.complete && related.problems.length === 0 ? related.storage : undefined;
}

/**
 * The storage that an endpoint says.
 *
 * @throws RequestError `storage-missing` where there is none or not all of it, `request-invalid` where a field cannot be
 *   read.
 */
export function requiredStorage(
  related: RelatedStorage,
  { application, endpoint, role }: StorageUser,
): StorageConfig {
  const usable = usableStorageOf(related);
  if (usable !== undefined) return usable;
  if (related.complete) {
    const [problem] = related.problems;
    const message = `The storage related as ${endpoint} cannot be used: ${problem?.message ?? ""}`;
    throw new RequestError("request-invalid", message, { remedy: problem?.remedy ?? "" });
  }
  if (related.secretUnreadable === true) {
    const message = `The storage related as ${endpoint} keeps its keys in a secret that cannot be read yet.`;
    throw new RequestError("storage-missing", message, {
      remedy:
        "Try again in a moment; if it stays so, look whether the storage's application grants the secret.",
      retryable: true,
    });
  }
  const missing = related.missing.join(", ");
  throw new RequestError(
    "storage-missing",
    related.related
      ? `The storage related as ${endpoint} does not say everything: ${missing} missing.`
      : `No storage is related to this ${role}.`,
    {
      remedy: related.related
        ? "Configure it on the storage's application."
        : `Relate one: juju integrate ${application}:${endpoint} <s3 application>.`,
    },
  );
}
