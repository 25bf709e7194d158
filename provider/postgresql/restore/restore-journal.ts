/**
 * What a restore has done so far, on disk, so that whoever comes after a crash can undo or finish it. Holds no keys.
 *
 * @module
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../../../lib/process/errno.ts";
import type { Move } from "./data-directory.ts";
import type { Settings } from "../options.ts";
import type { DynamicConfig } from "../patroni/patroni.ts";

/** What a restore has done so far. */
export interface RestoreJournal {
  readonly jobId: string;
  readonly fence: number;
  /** `begun`: the old cluster is to be put back. `proven`: the new one stands, and the rest is to be finished. */
  readonly stage: "begun" | "proven";
  readonly moves: readonly Move[];
  /** Patroni's dynamic configuration as it was. */
  readonly config: DynamicConfig;
}

/** What a restore left that did not come to its end; undefined where there is none. */
export async function readRestoreJournal(settings: Settings): Promise<RestoreJournal | undefined> {
  try {
    const journal: RestoreJournal = JSON.parse(await readFile(settings.files.restoreJournal, "utf8"));
    return journal;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes it down, durably: what it announces is done only afterwards. */
export async function writeRestoreJournal(settings: Settings, journal: RestoreJournal): Promise<void> {
  const file = settings.files.restoreJournal;
  const draft = `${file}.draft`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(journal)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Notes that nothing is left to do. */
export async function removeRestoreJournal(settings: Settings): Promise<void> {
  await rm(settings.files.restoreJournal, { force: true });
}
