/**
 * The real disk.
 *
 * @module
 */
import {
  chmod,
  close,
  fstat,
  fsync,
  link,
  mkdir,
  open,
  readBytes,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "./node-files.ts";
import { errnoOf } from "../process/errno.ts";
import type { Disk } from "./machine.ts";

/** Files by Node.js. */
export const nodeDisk: Disk = {
  read: async (path) => await unlessMissing(readFile(path, "utf8"), undefined),

  append: async (path, text, { sync = false, mend } = {}) => {
    const file = await open(path, "a+", 0o644);
    try {
      const first = mend === undefined || (await endsInNewline(file)) ? "" : mend;
      await writeFile(file, `${first}${text}`);
      if (sync) await fsync(file);
    } finally {
      await close(file);
    }
  },

  replace: async (path, text, { sync = false } = {}) => {
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, text, { flush: sync });
      await rename(temporary, path);
    } catch (error) {
      // On a full disk what was written of it is in the way.
      await rm(temporary, { force: true });
      throw error;
    }
  },

  create: async (path, text) => {
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await writeFile(temporary, text, { flush: true });
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

async function endsInNewline(file: number): Promise<boolean> {
  const { size } = await fstat(file);
  if (size === 0) return true;
  const [last] = await readBytes(file, 1, size - 1);
  return last === 0x0a;
}
