/**
 * The calls of `node:fs` that the machine's binding makes, as promises.
 *
 * Neither `node:fs/promises` nor an `import` of `node:fs`, which evaluates all that this exports: loading that takes a hook
 * longer than all that it does on the disk.
 *
 * @module
 */
import type * as types from "node:fs";

const fs = process.getBuiltinModule("node:fs");
const { promisify } = process.getBuiltinModule("node:util");

export const chmod: (path: string, mode: number) => Promise<void> = promisify(fs.chmod);
export const close: (file: number) => Promise<void> = promisify(fs.close);
export const fstat: (file: number) => Promise<types.Stats> = promisify(fs.fstat);
export const fsync: (file: number) => Promise<void> = promisify(fs.fsync);
export const link: (existing: string, path: string) => Promise<void> = promisify(fs.link);
export const mkdir: (path: string, options: types.MakeDirectoryOptions) => Promise<unknown> = promisify(
  fs.mkdir,
);
export const open: (path: string, flags: string, mode?: number) => Promise<number> = promisify(fs.open);
export const readdir: (path: string) => Promise<string[]> = promisify(fs.readdir);
/** All at once: what is read here is small, and through the pool of threads each file would take a hook five detours. */
export const readFile = async (path: string, encoding: "utf8"): Promise<string> =>
  fs.readFileSync(path, encoding);
export const rename: (from: string, to: string) => Promise<void> = promisify(fs.rename);
export const rm: (path: string, options: types.RmOptions) => Promise<void> = promisify(fs.rm);
export const writeFile: (
  path: string | number,
  text: string,
  options?: types.WriteFileOptions,
) => Promise<void> = promisify(fs.writeFile);
const readInto = promisify(fs.read);

/** Reads so many bytes of an open file from a position on. */
export async function readBytes(file: number, length: number, position: number): Promise<Buffer> {
  const { buffer, bytesRead } = await readInto(file, Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
