/**
 * Moves the data directory and its tablespaces aside, and back. Each step may be repeated after a crash.
 *
 * Only renames within one file system: nothing is copied, so nothing can run out of space half-way.
 *
 * @module
 */
import { chmod, chown, lstat, mkdir, readFile, readdir, readlink, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../../lib/process/errno.ts";
import { isMountPoint } from "../mount-point.ts";
import { ExecutorError } from "../../../lib/errors.ts";

/** One directory that is moved aside. Plain JSON, for the journal. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** The owner and mode with which it is made anew, empty; absent where it must not be. */
  readonly anew?: { readonly uid: number; readonly gid: number; readonly mode: number };
  /**
   * Where Patroni puts what it gives up on, and which directory was there before, by its inode; absent where Patroni
   * moves nothing.
   */
  readonly discarded?: { readonly path: string; readonly inode: number | undefined };
}

/** Says what has to be moved. Reads, and changes nothing. */
export async function planMoves(dataDirectory: string, fence: number): Promise<readonly Move[]> {
  const suffix = `.before-restore-${fence}`;
  const moves: Move[] = [await moveWhole(dataDirectory, suffix)];
  const links = join(dataDirectory, "pg_tblspc");
  const version = (await readdir(links)).length === 0 ? "" : await tablespaceVersion(dataDirectory, links);
  for (const name of await readdir(links)) {
    const location = await readlink(join(links, name));
    // A mount point cannot be renamed, neither by us nor by Patroni; what is in it can.
    if (await isMountPoint(location))
      moves.push({ from: join(location, version), to: `${join(location, version)}${suffix}` });
    // Elsewhere Patroni renames the whole location when it gives up a bootstrap, with whatever is in it.
    else moves.push(await moveWhole(location, suffix));
  }
  for (const { to } of moves) {
    if (await exists(to))
      throw new ExecutorError({
        code: "move-target-exists",
        message: `The present database cannot be kept as ${to}, because that exists already.`,
        remedy: `Look what ${to} is, and move or delete it.`,
      });
  }
  return moves;
}

/** Moves everything aside and leaves empty directories in its place. */
export async function moveAside(moves: readonly Move[]): Promise<void> {
  for (const { from, to, anew } of moves) {
    if (!(await exists(to))) await rename(from, to);
    if (anew !== undefined) await makeAnew(from, anew);
  }
}

async function makeAnew(path: string, { uid, gid, mode }: NonNullable<Move["anew"]>): Promise<void> {
  await mkdir(path, { recursive: true });
  if (process.getuid?.() === 0) await chown(path, uid, gid);
  await chmod(path, mode);
}

/** Removes what was put in its place: that alone may be what fills the disk. */
export async function removeRestored(moves: readonly Move[]): Promise<void> {
  for (const { from, to, discarded } of moves) {
    await removeDiscarded(discarded);
    // Without the old one aside, what stands there is the old one.
    if (await exists(to)) await rm(from, { recursive: true, force: true });
  }
}

/** Removes what was put in its place, and moves everything back. */
export async function putBack(moves: readonly Move[]): Promise<void> {
  await removeRestored(moves);
  for (const { from, to } of moves) if (await exists(to)) await rename(to, from);
}

/** Whether anything of the old data is aside, where nothing has written over it. */
export async function isAside(moves: readonly Move[]): Promise<boolean> {
  return (await standingAside(moves)).length > 0;
}

/** Deletes what a restore has left behind, whole or in part, and leaves empty directories in its place. */
export async function clearAway(moves: readonly Move[]): Promise<void> {
  for (const { from, to, anew, discarded } of moves) {
    await removeDiscarded(discarded);
    await rm(from, { recursive: true, force: true });
    await rm(to, { recursive: true, force: true });
    if (anew !== undefined) await makeAnew(from, anew);
  }
}

/** Deletes what was moved aside. */
export async function deleteOld(moves: readonly Move[]): Promise<void> {
  for (const { to } of moves) await rm(to, { recursive: true, force: true });
}

/** Which of the directories that were moved aside are there, for a message. */
export async function standingAside(moves: readonly Move[]): Promise<readonly string[]> {
  const there: string[] = [];
  for (const { to } of moves) if (await exists(to)) there.push(to);
  return there;
}

async function moveWhole(directory: string, suffix: string): Promise<Move> {
  const { uid, gid, mode } = await stat(directory);
  const path = `${directory}.failed`;
  const inode = await lstat(path).then(
    (found) => found.ino,
    () => undefined,
  );
  return {
    from: directory,
    to: `${directory}${suffix}`,
    anew: { uid, gid, mode: mode & 0o7777 },
    discarded: { path, inode },
  };
}

async function removeDiscarded(discarded: Move["discarded"]): Promise<void> {
  if (discarded === undefined) return;
  const found = await lstat(discarded.path).catch(() => undefined);
  if (found === undefined || found.ino === discarded.inode) return;
  await rm(discarded.path, { recursive: true, force: true });
}

/** The folder of this server's version in a tablespace, for example `PG_15_202209061`. */
async function tablespaceVersion(dataDirectory: string, links: string): Promise<string> {
  const [first = ""] = await readdir(links);
  const names = await readdir(join(links, first));
  const major = (await readFile(join(dataDirectory, "PG_VERSION"), "utf8")).trim();
  const found = names.find((name) => name.startsWith(`PG_${major}_`) && /^PG_\d+_\d+$/.test(name));
  if (found !== undefined) return found;
  throw new ExecutorError({
    code: "tablespace-unreadable",
    message: `The tablespace ${join(links, first)} has no folder of PostgreSQL ${major}.`,
    remedy: "Check the tablespaces in pg_tblspc.",
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
