/**
 * What this unit has found out about the related storage, on disk, so that a dispatch in which nothing is new does nothing.
 * Holds no keys, but tells new ones from old ones.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import type { Failure } from "../../../lib/job/report.ts";
import { storageLocation, type StorageConfig } from "../../../lib/job/storage-config.ts";
import { keepRecord } from "../kept-record.ts";
import type { Settings } from "../options.ts";
import { readArchiveStorage } from "./archive-storage.ts";

/** What was found out. */
export interface ArchivingRecord {
  /** Of the storage, its keys and the database, see {@link archivingDigest}. */
  readonly digest: string;
  /** Why WAL does not reach it; absent where it does. */
  readonly failure?: Failure;
}

/** What was found out last; undefined where nothing was. */
export async function readArchivingRecord(settings: Settings): Promise<ArchivingRecord | undefined> {
  const text = await readFile(settings.files.archivingRecord, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const record: ArchivingRecord = JSON.parse(text);
  return record;
}

/**
 * Whether this unit archives, or would as the primary, to the storage that is related. One that a job has brought is not enough
 * for a replica: the primary does not have it, nor the keys that the next job brings.
 */
export async function archivesToRelated(settings: Settings): Promise<boolean> {
  const isSettled = (await readArchiveStorage(settings)) !== undefined;
  return isSettled && (await readArchivingRecord(settings)) !== undefined;
}

/** Keeps what was found out. */
export async function writeArchivingRecord(settings: Settings, record: ArchivingRecord): Promise<void> {
  await keepRecord(settings.files.archivingRecord, record);
}

/** Forgets what was found out. */
export async function removeArchivingRecord(settings: Settings): Promise<void> {
  await rm(settings.files.archivingRecord, { force: true });
}

/**
 * Tells a storage, its keys, and the database that archives to it, from all others.
 *
 * @param isAlone Whether there are no other members, for each of which the database has a command of its own.
 */
export function archivingDigest(
  storage: StorageConfig,
  stanza: string,
  systemId: string | undefined,
  isAlone: boolean,
): string {
  const { credentials, ...fields } = storage;
  const all = [storageLocation(storage), fields, credentials.reveal(), stanza, systemId, isAlone];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

/** Tells the place alone, for others to see. */
export function archivePlace(storage: StorageConfig): string {
  return createHash("sha256")
    .update(JSON.stringify(storageLocation(storage)))
    .digest("hex")
    .slice(0, 32);
}
