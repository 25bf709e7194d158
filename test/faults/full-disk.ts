/**
 * The small file system of the PostgreSQL server, and how it is filled.
 *
 * @module
 */
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { runOrThrow } from "../servers/server-error.ts";
import { isRoot } from "../servers/unix-user.ts";
import type { FaultStand } from "./fault-stand.ts";

/** Too little for what is restored, and enough for the database of before to start again. */
const roomBytes = 40 * 1024 * 1024;

/** Takes almost all room on the file system of the data directory, or gives it back. */
export async function fillDisk({ node }: FaultStand, full: boolean): Promise<void> {
  if (!isRoot()) throw new Error("Only root can give PostgreSQL a small file system of its own.");
  const file = join(node.directory, "filler");
  if (!full) return await rm(file);
  const { bavail, bsize } = await statfs(node.directory);
  await runOrThrow("fill the disk", ["fallocate", `--length=${bavail * bsize - roomBytes}`, file]);
}
