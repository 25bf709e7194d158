/**
 * What a restore has done so far, on disk, so that whoever comes after a crash can undo or finish it. Holds no keys.
 *
 * @module
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { JobResult } from "../../../lib/executor.ts";
import type { StorageLocation } from "../../../lib/job/storage-config.ts";
import { errnoOf } from "../../../lib/process/errno.ts";
import { isAside, type Move } from "./data-directory.ts";
import type { RecoveryTarget } from "../checks/restore-target.ts";
import type { Settings } from "../options.ts";
import type { DynamicConfig } from "../patroni/patroni.ts";

/** What a restored database has to be, and what the job reports then. */
export interface RestoreGoal {
  readonly timeline: number;
  readonly target: RecoveryTarget;
  /** The last segment of WAL that has to be replayed. Absent where that is for the target to say. */
  readonly lastSegment?: string;
  readonly result: Pick<
    Extract<JobResult, { succeeded: true }>,
    "artefactPath" | "backupId" | "recordFolder" | "sizeBytes"
  >;
}

/** Where logs stood before a restore, so that only what came since is read. */
export interface LogPositions {
  readonly restoreLog: LogPosition;
  readonly patroniLog: LogPosition | undefined;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** PostgreSQL's setting log_directory where it keeps logs of its own. */
  readonly logDirectory: string | undefined;
}

/** A place in a log. */
export interface LogPosition {
  readonly file: string;
  readonly offset: number;
}

/** What a restore has done so far. */
export interface RestoreJournal {
  readonly jobId: string;
  readonly fence: number;
  /** `begun`: the old cluster is to be put back. `proven`: the new one stands, and the rest is to be finished. */
  readonly stage: "begun" | "proven";
  /** The timeline of the new one, once it is proven. */
  readonly provenTimeline?: number;
  readonly moves: readonly Move[];
  /**
   * The old data is given up: Patroni moves it back before pgBackRest writes over it, and from then on there is nothing that
   * could be put back. Absent where it is kept.
   */
  readonly discards?: true;
  /** The repository that is restored from, where it is another cluster's; absent where it is this one's. */
  readonly foreign?: StorageLocation;
  /** What the restored database has to be, and what the job reports then. */
  readonly goal: RestoreGoal;
  /** Where logs stood before. */
  readonly positions: LogPositions;
  /** Of the machine's run in which Patroni was started. */
  readonly bootId: string;
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

/** A restore that had given the old data up when it failed; undefined where there is none. */
export async function readDiscarded(settings: Settings): Promise<RestoreJournal | undefined> {
  const journal = await readRestoreJournal(settings);
  if (journal?.stage !== "begun" || journal.discards !== true) return undefined;
  return (await isAside(journal.moves)) ? undefined : journal;
}

/** Notes that nothing is left to do. */
export async function removeRestoreJournal(settings: Settings): Promise<void> {
  await rm(settings.files.restoreJournal, { force: true });
}
