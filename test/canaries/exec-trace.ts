/**
 * Traces every program that charms start, with its arguments and its environment, by strace.
 *
 * @module
 */
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { CanaryScan } from "./scan.ts";

/** What is traced, and where it is written. */
export class ExecTrace {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param directory Where traces and charms' folders are written. */
  static async in(directory: string): Promise<ExecTrace> {
    for (const folder of ["charms", "traces"]) await mkdir(join(directory, folder), { recursive: true });
    return new ExecTrace(directory);
  }

  /** Makes a folder of a charm that is the given one, and whose dispatches are traced while tracing is on. */
  async charm(charm: string): Promise<string> {
    const folder = join(this.#directory, "charms", basename(charm));
    await mkdir(folder);
    for (const name of await readdir(charm)) {
      await symlink(resolve(charm, name), join(folder, name === "dispatch" ? "dispatch-itself" : name));
    }
    const dispatch = join(folder, "dispatch");
    // The tracer is no parent of the dispatch, which ends when it is done, whatever it leaves running. Tracing by a filter
    // in the kernel would be faster, and would keep what is left running from starting anything once the tracer is gone.
    await writeFile(
      dispatch,
      `#!/bin/sh
[ -f "${this.#switch}" ] || exec "$JUJU_CHARM_DIR/dispatch-itself"
exec strace -D -f -qq -e trace=execve -v -s 65536 -o "${join(this.#directory, "traces")}/$$" "$JUJU_CHARM_DIR/dispatch-itself"
`,
    );
    await chmod(dispatch, 0o755);
    return folder;
  }

  /** Traces the dispatches that begin from now on, with all that they start. */
  async on(): Promise<void> {
    await writeFile(this.#switch, "");
  }

  /** Traces no dispatch that begins from now on. */
  async off(): Promise<void> {
    await rm(this.#switch);
  }

  /** What was traced: a line for each program that was started. */
  async lines(): Promise<readonly string[]> {
    const folder = join(this.#directory, "traces");
    const texts = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")),
    );
    return texts.flatMap((text) => text.split("\n")).filter((line) => line.includes("execve("));
  }

  /** Looks for marked credentials in the arguments and environments of all that was traced. */
  async scan(scan: CanaryScan): Promise<void> {
    for (const line of await this.lines()) {
      const program = /execve\("([^"]*)"/.exec(line)?.[1] ?? "a program";
      scan.text(`arguments or environment of ${program}`, unescaped(line));
    }
  }

  get #switch(): string {
    return join(this.#directory, "on");
  }
}

const controls: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/** A text as it was before strace wrote it as a string of the language C. */
export function unescaped(text: string): string {
  const bytes = text.replace(/\\([0-7]{1,3}|.)/gu, (_, code: string) =>
    /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (controls[code] ?? code),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
