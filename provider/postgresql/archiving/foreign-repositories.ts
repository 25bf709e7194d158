/**
 * The repositories of other clusters from which this database was restored. It bears their system identifier ever since, so
 * that nothing in them tells it from the cluster that writes to them.
 *
 * @module
 */
import { readFile, rm } from "node:fs/promises";
import {
  sameLocation,
  storageLocation,
  type StorageConfig,
  type StorageLocation,
} from "../../../lib/job/storage-config.ts";
import { errnoOf } from "../../../lib/process/errno.ts";
import { keepRecord } from "../kept-record.ts";
import type { Settings } from "../options.ts";
import type { MemberState } from "../patroni/patroni.ts";
import type { Stanza } from "../pgbackrest/pgbackrest-info.ts";
import { readArchiveStorage } from "./archive-storage.ts";

/** Whose the repositories are, other than the one that is archived to. */
interface Ownership {
  readonly foreign: readonly StorageLocation[];
  /** Those that were archived to before the database became another cluster's. */
  readonly own: readonly StorageLocation[];
}

/** Whether the database was restored from this storage when that was another cluster's. */
export async function isForeignRepository(settings: Settings, storage: StorageConfig): Promise<boolean> {
  return includes((await readOwnership(settings)).foreign, storageLocation(storage));
}

/** Whether a restore from a storage makes this database another cluster's. */
export async function becomesForeign(
  settings: Settings,
  storage: StorageConfig,
  stanza: Stanza,
  member: MemberState | undefined,
): Promise<boolean> {
  if (member === undefined || stanza.databases.at(-1)?.systemId === member.systemId) return false;
  const archive = await readArchiveStorage(settings);
  const own = [...(await readOwnership(settings)).own, ...(archive === undefined ? [] : [archive])];
  return !includes(own, storageLocation(storage));
}

/**
 * Notes that the database was restored from another cluster's repository. What it has archived to so far is of the former
 * database, and nothing can be added to it: it is forgotten, so that another storage can take its place. May be repeated.
 */
export async function becomeForeign(settings: Settings, location: StorageLocation): Promise<void> {
  const { foreign, own } = await readOwnership(settings);
  const archive = await readArchiveStorage(settings);
  const ownership: Ownership = {
    foreign: includes(foreign, location) ? foreign : [...foreign, location],
    own: archive === undefined || includes(own, archive) ? own : [...own, archive],
  };
  await keepRecord(settings.files.ownership, ownership);
  await rm(settings.files.archiveStorage, { force: true });
}

async function readOwnership(settings: Settings): Promise<Ownership> {
  try {
    return JSON.parse(await readFile(settings.files.ownership, "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return { foreign: [], own: [] };
    throw error;
  }
}

function includes(locations: readonly StorageLocation[], location: StorageLocation): boolean {
  return locations.some((each) => sameLocation(each, location));
}
