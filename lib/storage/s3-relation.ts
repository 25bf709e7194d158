/**
 * The storage configuration that a relation of the interface `s3` gives.
 *
 * @module
 */
import type { StorageConfig } from "../job/storage-config.ts";
import type { Juju } from "../juju/juju.ts";
import { readRemoteApplication } from "../juju/remote-application.ts";
import type { Problem } from "../wire/problem.ts";
import { decodeS3 } from "../wire/s3.ts";

/** What a storage endpoint says. */
export type RelatedStorage =
  | {
      readonly complete: true;
      readonly storage: StorageConfig;
      /** The optional fields that could not be read, and are not in the storage. */
      readonly problems: readonly Problem[];
    }
  | {
      readonly complete: false;
      /** Whether anything is related at all. */
      readonly related: boolean;
      /** The required fields that are missing. */
      readonly missing: readonly string[];
    };

/** Reads the storage of the first relation of an endpoint. */
export async function readS3Storage(juju: Juju, endpoint: string): Promise<RelatedStorage> {
  const [relation] = await juju.relationIds(endpoint);
  if (relation === undefined) return { complete: false, related: false, missing: [] };
  const decoded = decodeS3((await readRemoteApplication(juju, relation)).databag);
  return decoded.complete ? decoded : { complete: false, related: true, missing: decoded.missing };
}
