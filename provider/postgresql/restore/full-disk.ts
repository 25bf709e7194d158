/**
 * Recognises that a restore failed because the disk is full. What would say so may be lost: the logs lie on that disk, too.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Failure } from "../../../lib/job/report.ts";
import { describeBytes } from "../job-failure.ts";
import type { Move } from "./data-directory.ts";

/** Two WAL segments: with less, PostgreSQL cannot begin another one. It takes back a segment that it could not write whole. */
const leastBytes = 2 * 16 * 1024 * 1024;

/** A directory that is restored to. */
export interface RestoredTo {
  readonly directory: string;
  /** On its file system, for those who are not root; undefined where that does not tell. */
  readonly freeBytes: number | undefined;
}

/**
 * The failure of a restore to a disk that is full; undefined where none is. Pure.
 *
 * @param log What Patroni, pgBackRest and PostgreSQL have logged.
 */
export function fullDisk(restoredTo: readonly RestoredTo[], log: string): Failure | undefined {
  const full = restoredTo.find(({ freeBytes }) => freeBytes !== undefined && freeBytes < leastBytes);
  if (full === undefined && !/No space left on device|Disk quota exceeded/.test(log)) return undefined;
  const where = full?.directory ?? restoredTo[0]?.directory ?? "the data directory";
  const left = full === undefined ? "" : `: ${describeBytes(full.freeBytes ?? 0)} were left when it failed`;
  return {
    code: "disk-full",
    message: `The restore found the file system of ${where} full${left}.`,
    remedy:
      "Find out what else fills it, free space there or enlarge the file system, then request the restore again.",
  };
}

/** Looks how much room each directory has that is restored to, before what failed gives its own back. */
export async function lookAtDisks(moves: readonly Move[]): Promise<readonly RestoredTo[]> {
  return Promise.all(
    moves.map(async ({ from }) => {
      // Patroni may have moved the directory itself away.
      const freeBytes = await statfs(dirname(from)).then(
        ({ bavail, bsize }) => bavail * bsize,
        () => undefined,
      );
      return { directory: from, freeBytes };
    }),
  );
}
