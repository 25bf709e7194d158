/**
 * Hook tools that do what they should not, as executables that come first on the PATH.
 *
 * @module
 */
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { markedKeys } from "../canaries/credentials.ts";
import { charmWithDispatch } from "./charm-with-dispatch.ts";

/** What stands in a databag that a faulty tool gives away. */
const keys = markedKeys();

/** What a hook tool does instead of its work. */
export type Fault =
  | "fails with Juju's text"
  | "prints no JSON"
  | "prints half of its JSON"
  | "prints JSON of another shape"
  | "prints megabytes"
  | "prints nothing"
  | "is killed";

/** Each fault as a shell script. */
export const faults: Readonly<Record<Fault, string>> = {
  "fails with Juju's text": `echo "ERROR permission denied" >&2; exit 1`,
  "prints no JSON": `printf '%s' 'panic: ${keys.secretKey}'`,
  "prints half of its JSON": `printf '%s' '{"jobs": "${keys.secretKey}'`,
  "prints JSON of another shape": `echo '[7, {"a": [1]}]'`,
  "prints megabytes": `head -c 30000000 /dev/zero | tr '\\0' x`,
  "prints nothing": `exit 0`,
  "is killed": `kill -9 $$`,
};

/** A folder for tools that are faulty; an empty one changes nothing. */
export class FaultyTools {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async in(directory: string): Promise<FaultyTools> {
    await mkdir(directory, { recursive: true });
    return new FaultyTools(directory);
  }

  /** Puts a script in the place of a tool. */
  async replace(tool: string, script: string): Promise<void> {
    const file = join(this.directory, tool);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** Lets every tool work again. */
  async repair(): Promise<void> {
    for (const name of await readdir(this.directory)) await rm(join(this.directory, name));
  }

  /**
   * Makes a charm's folder whose charm finds these tools first.
   *
   * @param charm The folder of the charm as it is.
   * @param program What Node runs in a dispatch, relative to that folder.
   */
  async charm(charm: string, program: string): Promise<string> {
    const script = `PATH="${this.directory}:$PATH"\nexec node "${resolve(charm, program)}"`;
    return await charmWithDispatch(charm, join(this.directory, "..", `faulty-${basename(charm)}`), script);
  }
}
