/**
 * A disk in memory.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Disk } from "../../machine/machine.ts";

/** What can be wrong with a disk: full, read-only, or broken. */
export type DiskFault = "ENOSPC" | "EROFS" | "EIO";

/** Files in memory, for one machine. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, string>();
  readonly #directories = new Set<string>(["/"]);
  #fault: DiskFault | undefined;

  /** Lets everything that writes fail from now on; nothing lets it work again. */
  fail(fault: DiskFault | undefined): void {
    this.#fault = fault;
  }

  /** The files with their contents, by their paths. */
  files(): ReadonlyMap<string, string> {
    return this.#files;
  }

  /** Another disk on which the same stands, as of the image of a machine. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [path, text] of this.#files) copy.#files.set(path, text);
    for (const path of this.#directories) copy.#directories.add(path);
    return copy;
  }

  /** Loses everything, as when a machine is replaced. */
  wipe(): void {
    this.#files.clear();
    this.#directories.clear();
    this.#directories.add("/");
  }

  async read(path: string): Promise<string | undefined> {
    if (this.#fault === "EIO") throw systemError("EIO", path);
    return this.#files.get(path);
  }

  async append(path: string, text: string, options: { readonly mend?: string } = {}): Promise<void> {
    this.#requireWritable(path);
    const before = this.#files.get(path) ?? "";
    const mend = before === "" || before.endsWith("\n") ? "" : (options.mend ?? "");
    this.#files.set(path, `${before}${mend}${text}`);
  }

  async replace(path: string, text: string): Promise<void> {
    this.write(path, text);
  }

  /** Writes a file at once. */
  write(path: string, text: string): void {
    this.#requireWritable(path);
    this.#files.set(path, text);
  }

  async create(path: string, text: string): Promise<boolean> {
    this.#requireWritable(path);
    if (this.#files.has(path)) return false;
    this.#files.set(path, text);
    return true;
  }

  async rename(from: string, to: string): Promise<boolean> {
    const content = this.#files.get(from);
    if (content === undefined) return false;
    this.#requireWritable(to);
    this.#files.delete(from);
    this.#files.set(to, content);
    return true;
  }

  async list(directory: string): Promise<readonly string[]> {
    if (!this.#directories.has(directory)) throw systemError("ENOENT", directory);
    const below = directory === "/" ? "/" : `${directory}/`;
    const inside = [...this.#files.keys(), ...this.#directories].filter(
      (path) => path.startsWith(below) && path !== below,
    );
    return [...new Set(inside.map((path) => path.slice(below.length).split("/")[0] ?? ""))].toSorted();
  }

  async makeDirectory(path: string): Promise<void> {
    if (this.#directories.has(path)) return;
    if (this.#fault !== undefined) throw systemError(this.#fault, path);
    for (let each = path; !this.#directories.has(each); each = dirname(each)) this.#directories.add(each);
  }

  async remove(path: string): Promise<void> {
    if (this.#fault === "EROFS" || this.#fault === "EIO") throw systemError(this.#fault, path);
    const isGone = (each: string): boolean => each === path || each.startsWith(`${path}/`);
    for (const each of this.#files.keys()) if (isGone(each)) this.#files.delete(each);
    for (const each of this.#directories) if (isGone(each)) this.#directories.delete(each);
  }

  #requireWritable(path: string): void {
    if (this.#fault !== undefined) throw systemError(this.#fault, path);
    if (!this.#directories.has(dirname(path))) throw systemError("ENOENT", path);
  }
}

/** An error as Node's file system throws it. */
export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
