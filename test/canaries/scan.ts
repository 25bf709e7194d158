/**
 * Looks for marked credentials in everything that a test could see, and says where they are without showing them.
 *
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { inspect } from "node:util";
import { watchedCanaries, type Canary } from "./credentials.ts";
import { canariesIn } from "./forms.ts";

/** One look at everything. */
export class CanaryScan {
  readonly #canaries: readonly Canary[];
  readonly #found: string[] = [];
  #places = 0;

  /** @param canaries Default: all that this process watches. */
  constructor(canaries: readonly Canary[] = watchedCanaries()) {
    if (canaries.length === 0) throw new Error("There is no canary to look for.");
    this.#canaries = canaries;
  }

  /** Where canaries were found, for example `status of database/0: secret key (hex)`. */
  get found(): readonly string[] {
    return this.#found;
  }

  /** How many places were looked at. */
  get places(): number {
    return this.#places;
  }

  text(place: string, text: string): void {
    this.#places += 1;
    for (const what of canariesIn(text, this.#canaries)) this.#found.push(`${place}: ${what}`);
  }

  /** Looks at a value as a program may print it: as JSON, and as Node inspects it, hidden properties included. */
  value(place: string, value: unknown): void {
    this.text(`${place} as JSON`, JSON.stringify(value) ?? "");
    this.text(
      `${place} inspected`,
      inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    );
  }

  /** Looks at an error with everything that it carries, and at what caused it. */
  error(place: string, thrown: unknown): void {
    this.value(place, thrown);
    if (!(thrown instanceof Error)) return this.text(place, String(thrown));
    this.text(place, `${String(thrown)}\n${thrown.stack ?? ""}`);
    for (const name of Object.getOwnPropertyNames(thrown)) {
      const property: unknown = Reflect.get(thrown, name);
      if (name !== "cause") this.value(`${place}, ${name}`, property);
    }
    if (thrown.cause !== undefined) this.error(`${place}, cause`, thrown.cause);
  }

  /**
   * Looks at every file below a directory.
   *
   * @param mayHold Tells which files may hold credentials, by their paths in it; they must be closed to others then.
   */
  async files(directory: string, mayHold: (path: string) => boolean = () => false): Promise<void> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = relative(directory, file);
      this.text("a file's name", path);
      await this.#file(file, path, mayHold(path)).catch(unlessGoneOrClosed);
    }
  }

  /** Looks at the arguments and the environment of every process on the machine but this one. */
  async processes(): Promise<void> {
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
      for (const file of ["cmdline", "environ"]) {
        const text = await readFile(`/proc/${pid}/${file}`, "utf8").catch(unlessGoneOrClosed);
        this.text(`${file} of process ${pid}`, text ?? "");
      }
    }
  }

  async #file(file: string, path: string, mayHold: boolean): Promise<void> {
    const text = await readFile(file, "utf8");
    const { mode } = await stat(file);
    const isClosed = (mode & 0o077) === 0;
    this.#places += 1;
    if (mayHold && isClosed) return;
    const openness = isClosed ? "" : `, which others may read (${(mode & 0o777).toString(8)})`;
    for (const what of canariesIn(text, this.#canaries)) this.#found.push(`file ${path}${openness}: ${what}`);
  }
}

/** What is looked at may be gone before it was; what others closed to this user, this user cannot have filled. */
function unlessGoneOrClosed(error: NodeJS.ErrnoException): undefined {
  if (!["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(error.code ?? "")) throw error;
}
