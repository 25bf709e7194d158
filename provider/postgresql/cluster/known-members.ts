/**
 * What the units of a cluster have told each other, on disk: a worker has no hook context to read databags in.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { errnoOf } from "../../../lib/process/errno.ts";
import { keepRecord } from "../kept-record.ts";
import type { Settings } from "../options.ts";
import type { MemberRecord } from "./member-record.ts";

/** The units of a cluster, as this one knows them. */
export interface KnownMembers {
  /** How many units the application is to have, this one included. */
  readonly plannedUnits: number;
  /** Those that have said something, this one left out, by the name of their unit. */
  readonly others: Readonly<Record<string, MemberRecord>>;
}

/** A unit alone, which is what is assumed until it has been told of others. */
export const alone: KnownMembers = { plannedUnits: 1, others: {} };

/** What was kept last. */
export async function readMembers(settings: Settings): Promise<KnownMembers> {
  try {
    const known: KnownMembers = JSON.parse(await readFile(settings.files.members, "utf8"));
    return known;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return alone;
    throw error;
  }
}

/** Keeps what was told, where it is news. */
export async function keepMembers(settings: Settings, known: KnownMembers): Promise<void> {
  const { members } = settings.files;
  if (`${JSON.stringify(known)}\n` === (await readFile(members, "utf8").catch(() => ""))) return;
  await keepRecord(members, known);
}
