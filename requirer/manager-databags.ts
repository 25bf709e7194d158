/**
 * Everything that a dispatch of the manager reads, once, and everything that it writes, last: each databag at most once, and
 * only what changes it.
 *
 * @module
 */
import { PeerDatabagError } from "../lib/errors.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Databag, Juju } from "../lib/juju/juju.ts";
import { readS3Storage, s3SecretsWanted, type RelatedStorage } from "../lib/storage/s3-relation.ts";
import { encodeRequests } from "../lib/wire/requests.ts";
import { readDatabases, type RelatedDatabase } from "./database.ts";
import { decodeHistory, encodeHistory } from "./history/history-databag.ts";
import type { History } from "./history/history.ts";
import { broughtUpToDate, type StandingRequests } from "./history/job-book.ts";
import { decodeSchedules, encodeSchedules } from "./schedules/schedules-databag.ts";
import type { Schedule } from "./schedules/schedule.ts";
import type { KnownSecrets } from "./storage-secrets.ts";

/** Which relations, and of whom. */
export interface ManagerEndpoints {
  readonly juju: Juju;
  readonly event: JujuEvent | undefined;
  readonly endpoint: string;
  readonly storageEndpoint: string;
  readonly peerEndpoint: string;
}

/** What is to be written to the application's databag of a relation. */
interface DatabagWrite {
  readonly relation: string;
  readonly changes: Databag;
}

/** What a dispatch knows. */
export interface ManagerView {
  readonly isLeader: boolean;
  readonly databases: readonly RelatedDatabase[];
  readonly storage: RelatedStorage;
  /** What the storage is to be told, of which it knows nothing yet. */
  readonly storageRequest?: DatabagWrite;
  /** As it was kept. */
  readonly kept: History;
  /** With everything that the databags tell beside it. */
  readonly history: History;
  readonly schedules: readonly Schedule[];
  readonly secrets: KnownSecrets;
  /** Where the history is kept; absent in a charm without that relation. */
  readonly peers?: { readonly relation: string; readonly databag: Databag };
}

/** What is to stand from now on. */
export interface ManagerRecord {
  readonly history: History;
  readonly schedules: readonly Schedule[];
  readonly secrets: KnownSecrets;
  /** By relation. */
  readonly requests: ReadonlyMap<string, StandingRequests>;
}

/**
 * Reads everything.
 *
 * @param leads Whether this unit leads: asked before, since what the leader reads must be newer than the answer.
 * @throws HookToolError @throws PeerDatabagError
 */
export async function readManager(
  endpoints: ManagerEndpoints,
  leads: Promise<boolean>,
): Promise<ManagerView> {
  const { juju, event, endpoint, storageEndpoint } = endpoints;
  const [isLeader, databases, storage, peers, storageRequest] = await Promise.all([
    leads,
    readDatabases(endpoints, leads),
    readS3Storage(juju, storageEndpoint, event),
    readPeers(endpoints, leads),
    leads.then(async (leader) => (leader ? await s3SecretsWanted(juju, storageEndpoint, event) : undefined)),
  ]);
  const databag = peers?.databag ?? {};
  const kept = decodeHistory(databag, endpoint);
  return {
    isLeader,
    databases,
    storage,
    ...(storageRequest === undefined ? {} : { storageRequest }),
    kept,
    history: broughtUpToDate({ history: kept, databases }),
    schedules: decodeSchedules(databag),
    secrets: decodeSecrets(databag),
    ...(peers === undefined ? {} : { peers }),
  };
}

async function readPeers(
  { juju, peerEndpoint }: ManagerEndpoints,
  leads: Promise<boolean>,
): Promise<ManagerView["peers"]> {
  const [[relation]] = await Promise.all([juju.relationIds(peerEndpoint), leads]);
  if (relation === undefined) return undefined;
  return { relation, databag: await juju.readApplicationDatabag(relation, juju.application) };
}

/** Writes what is to stand. Only the leader may. @throws HookToolError */
export async function writeManager(
  { juju }: ManagerEndpoints,
  { databases, peers, storageRequest }: ManagerView,
  { history, schedules, secrets, requests }: ManagerRecord,
): Promise<boolean> {
  const writes: DatabagWrite[] = storageRequest === undefined ? [] : [storageRequest];
  for (const database of databases) {
    const { relation } = database;
    const standing = requests.get(relation);
    // What cannot be read at all stays until there is something to write in its place.
    if (standing === undefined || isSame(standing, database)) continue;
    const own = await juju.readApplicationDatabag(relation, juju.application);
    const isEmpty = standing.requests.length + standing.unread.length === 0;
    const jobs = isEmpty ? "" : encodeRequests(standing.requests, standing.unread);
    if ((own["jobs"] ?? "") !== jobs) writes.push({ relation, changes: { jobs } });
  }
  if (peers !== undefined) {
    const after = {
      ...encodeHistory(history),
      ...encodeSchedules(schedules),
      secrets: encodeSecrets(secrets),
    };
    const changes = Object.fromEntries(
      Object.entries(after).filter(([key, value]) => (peers.databag[key] ?? "") !== value),
    );
    if (Object.keys(changes).length > 0) writes.push({ relation: peers.relation, changes });
  }
  await Promise.all(
    writes.map(async ({ relation, changes }) => await juju.writeApplicationDatabag(relation, changes)),
  );
  return writes.length > 0;
}

function isSame(after: StandingRequests, before: StandingRequests): boolean {
  return (
    after.requests.length === before.requests.length &&
    after.unread.length === before.unread.length &&
    after.requests.every((request, index) => request === before.requests[index]) &&
    after.unread.every((item, index) => item === before.unread[index])
  );
}

function encodeSecrets(secrets: KnownSecrets): string {
  return secrets.size === 0 ? "" : JSON.stringify(Object.fromEntries(secrets));
}

function decodeSecrets(databag: Databag): KnownSecrets {
  const text = databag["secrets"] ?? "";
  if (text === "") return new Map();
  try {
    const value: unknown = JSON.parse(text);
    return new Map(
      Object.entries(Object(value)).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    );
  } catch {
    throw new PeerDatabagError(
      "The list of secrets in the manager's peer application databag cannot be read, so nothing is requested.",
      {
        remedy:
          "Let the leader delete the key: relation-set --app secrets=. Secrets that were in it stay until the application goes.",
      },
    );
  }
}
