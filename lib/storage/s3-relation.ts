/**
 * The storage configuration that a relation of the interface `s3` gives: of its version 0, where the keys stand in the
 * databag, and of version 1, where they are a Juju secret that the databag names.
 *
 * @module
 */
import type { StorageConfig } from "../job/storage-config.ts";
import type { JujuEvent } from "../juju/event.ts";
import type { Databag, Juju } from "../juju/juju.ts";
import { readRemoteApplication } from "../juju/remote-application.ts";
import { standingRelation } from "../juju/standing-relation.ts";
import type { Problem } from "../wire/problem.ts";
import { decodeS3, s3SecretOf } from "../wire/s3.ts";

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
      /** The keys are in a secret that this application has not been granted yet. Default: they are not. */
      readonly secretUnreadable?: true;
    };

/** What version 1 of the interface wants to be told: which fields are to come as a secret. */
const wanted = { "requested-secrets": '["access-key","secret-key"]', "lib-version": "1.0" };

/**
 * Reads the storage of the first relation of an endpoint.
 *
 * @param event Why the charm was dispatched: Juju lists a relation that breaks, whose storage is no longer to be used.
 */
export async function readS3Storage(
  juju: Juju,
  endpoint: string,
  event?: JujuEvent,
): Promise<RelatedStorage> {
  const relation = await standingRelation(juju, endpoint, event);
  if (relation === undefined) return { complete: false, related: false, missing: [] };
  const { databag } = await readRemoteApplication(juju, relation);
  const uri = s3SecretOf(databag);
  const secret = uri === undefined ? {} : await juju.readSecret(uri);
  const { "access-key": accessKey, "secret-key": secretKey } = { ...databag, ...secret };
  const decoded = decodeS3({ ...databag, "access-key": accessKey ?? "", "secret-key": secretKey ?? "" });
  if (decoded.complete) return decoded;
  const unreadable = secret === undefined ? { secretUnreadable: true as const } : {};
  return { complete: false, related: true, missing: decoded.missing, ...unreadable };
}

/**
 * Asks the storage for its keys as a secret, which version 1 of the interface gives and version 0 does not. To be called by
 * the leader, which alone may write.
 *
 * @returns What is to be written into the databag of which relation; undefined where it stands there.
 */
export async function s3SecretsWanted(
  juju: Juju,
  endpoint: string,
  event?: JujuEvent,
): Promise<{ readonly relation: string; readonly changes: Databag } | undefined> {
  const relation = await standingRelation(juju, endpoint, event);
  if (relation === undefined) return undefined;
  const own = await juju.readApplicationDatabag(relation, juju.application);
  const stands = Object.entries(wanted).every(([key, value]) => own[key] === value);
  return stands ? undefined : { relation, changes: wanted };
}

/**
 * Asks the storage for its keys as a secret, if this unit leads and it has not been asked yet. For a charm that writes
 * nothing else to that relation; call it in every dispatch.
 *
 * @param leads Whether this unit leads. Default: Juju is asked.
 */
export async function requestS3Secrets(
  juju: Juju,
  endpoint: string,
  event?: JujuEvent,
  leads: boolean | Promise<boolean> = juju.isLeader(),
): Promise<void> {
  if (!(await leads)) return;
  const wish = await s3SecretsWanted(juju, endpoint, event);
  if (wish !== undefined) await juju.writeApplicationDatabag(wish.relation, wish.changes);
}
