/**
 * The folder with which a test and the scripted executor of another process talk to each other.
 */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoOf } from "../../lib/process/errno.ts";
import type { ConfigValue } from "../../lib/testing/model/charm-metadata.ts";
import type { Script, ScriptedCall } from "../../lib/testing/scripted/script.ts";

/** A folder, with others for the store, the state of units and the model beside the script's. */
export class ScriptDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes one, whose executor lets every job succeed until it is told otherwise. */
  static async make(): Promise<ScriptDirectory> {
    const path = await mkdtemp(join(tmpdir(), "scripted-"));
    for (const folder of ["script", "store", "state"]) await mkdir(join(path, folder));
    await writeFile(join(path, "script", "script.json"), "{}");
    return new ScriptDirectory(path);
  }

  /** The configuration of the scripted charm. */
  get config(): Readonly<Record<string, ConfigValue>> {
    return {
      "script-directory": join(this.path, "script"),
      "store-directory": join(this.path, "store"),
      "state-directory": join(this.path, "state"),
    };
  }

  /** Tells the executor what to do from now on. */
  async script(script: Script): Promise<void> {
    // A worker may be reading it: it finds the old one or the new one, and never half of one.
    const draft = join(this.path, "script", "script.draft");
    await writeFile(draft, JSON.stringify(script));
    await rename(draft, join(this.path, "script", "script.json"));
  }

  /** Makes a file that a job waits for, or that the charm looks for. */
  async release(name: string): Promise<void> {
    await writeFile(join(this.path, "script", name), "");
  }

  /** What the executor was called for. */
  async calls(): Promise<readonly ScriptedCall[]> {
    try {
      const text = await readFile(join(this.path, "script", "calls.jsonl"), "utf8");
      return text
        .trimEnd()
        .split("\n")
        .map((line): ScriptedCall => JSON.parse(line));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
