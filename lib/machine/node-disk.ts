/**
 * The real disk.
 *
 * @module
 */
import {
  chmod,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { errnoOf } from "../process/errno.ts";
import type { Disk } from "./machine.ts";

/** Files by Node.js. */
export const nodeDisk: Disk = {
  read: async (path) => await unlessMissing(readFile(path, "utf8"), undefined),

  append: async (path, text, { sync = false, mend } = {}) => {
    const file = await open(path, "a+", 0o644);
    try {
      const first = mend === undefined || (await endsInNewline(file)) ? "" : mend;
      await file.appendFile(`${first}${text}`);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
  },

  replace: async (path, text, { sync = false } = {}) => {
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, text, { flush: sync });
    await rename(temporary, path);
  },

  create: async (path, text) => {
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    await writeFile(temporary, text, { flush: true });
    try {
      // Unlike a file that is created and then written, a link is there with its content or not at all.
      await link(temporary, path);
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  },

  rename: async (from, to) =>
    await unlessMissing(
      rename(from, to).then(() => true),
      false,
    ),

  list: async (directory) => await readdir(directory),

  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
    // Whatever the umask of the agent is.
    await chmod(path, 0o755);
  },

  remove: async (path) => await rm(path, { recursive: true, force: true }),
};

async function unlessMissing<Result, Missing>(
  action: Promise<Result>,
  missing: Missing,
): Promise<Result | Missing> {
  try {
    return await action;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return missing;
    throw error;
  }
}

async function endsInNewline(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}
