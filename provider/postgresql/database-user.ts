/**
 * The unix user that owns the database. pgBackRest, psql and patronictl run as this user, whoever we are.
 *
 * @module
 */
import { chmod, chown, mkdir, rename, writeFile } from "node:fs/promises";
import { run, type RunOptions, type RunResult } from "../../lib/process/run.ts";
import { ExecutorError } from "../../lib/errors.ts";

const lookUpTimeoutMs = 10_000;

/** The unix user that owns the database. */
export class DatabaseUser {
  readonly name: string;
  /** Absent where this process is that user, or is not root and has to do with what it is. */
  readonly #identity: { readonly uid: number; readonly gid: number } | undefined;
  readonly #home: string;

  private constructor(name: string, home: string, identity: { uid: number; gid: number } | undefined) {
    this.name = name;
    this.#home = home;
    this.#identity = identity;
  }

  /**
   * Looks the user up.
   *
   * @throws ExecutorError `database-user-missing`.
   */
  static async lookUp(name: string): Promise<DatabaseUser> {
    const entry = await run(["getent", "passwd", name], { timeoutMs: lookUpTimeoutMs });
    const fields = entry.stdout.trim().split(":");
    if (entry.exitCode !== 0 || fields.length < 7)
      throw new ExecutorError({
        code: "database-user-missing",
        message: `The unix user "${name}", to whom the database belongs, does not exist on this machine.`,
        remedy: "Set the option postgresql.user to the owner of the data directory.",
      });
    const [, , uid, gid, , home] = fields;
    const isRoot = process.getuid?.() === 0;
    const identity = isRoot ? { uid: Number(uid), gid: Number(gid) } : undefined;
    return new DatabaseUser(name, home ?? "/", identity);
  }

  /** Runs a command as this user, in a small environment of its own: what is in ours is nobody's business. */
  async run(
    argv: readonly [string, ...string[]],
    options: Omit<RunOptions, "identity" | "env"> = {},
  ): Promise<RunResult> {
    return run(argv, {
      cwd: "/",
      ...options,
      env: plainEnvironment(this.#home, this.name),
      ...(this.#identity === undefined ? {} : { identity: this.#identity }),
    });
  }

  /** Makes a directory that belongs to this user. */
  async makeDirectory(path: string, mode: number): Promise<void> {
    await mkdir(path, { recursive: true });
    await this.own(path, mode);
  }

  /** Gives a file or directory to this user. */
  async own(path: string, mode: number): Promise<void> {
    if (this.#identity !== undefined) await chown(path, this.#identity.uid, this.#identity.gid);
    await chmod(path, mode);
  }

  /** Writes a file that belongs to this user, all or nothing. */
  async writeFile(path: string, text: string, mode: number): Promise<void> {
    const draft = `${path}.draft-${process.pid}`;
    // The mode is there from the first byte: what is written may be a key.
    await writeFile(draft, text, { mode: 0o600 });
    await this.own(draft, mode);
    await rename(draft, path);
  }
}

/** An environment that holds nothing of ours but what programs need to find each other and to speak English in UTC. */
export function plainEnvironment(home: string, user: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home,
    USER: user,
    LOGNAME: user,
    LANG: "C.UTF-8",
    TZ: "UTC",
  };
}
