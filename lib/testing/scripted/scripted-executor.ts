/**
 * An executor that does what a file tells it to, for tests of charms that run as processes.
 *
 * The file is read anew for each call, so a test changes a running charm's executor by writing it. Every call is noted in
 * a second file, which tells how often a job was really run.
 *
 * @module
 */
import { access, appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executor, ExecutorEnvironment } from "../../executor.ts";
import { errnoOf } from "../../process/errno.ts";
import { followScript, type Script } from "./script.ts";

export type { Script, ScriptedCall, ScriptedJob } from "./script.ts";

/** Where the script is. */
export interface ScriptedExecutorOptions {
  /**
   * A directory with `script.json`, and with `calls.jsonl` once there were calls. A file in it releases jobs that wait for
   * its name.
   */
  readonly directory: string;
}

/** Makes the executor. The shape of an executor module. */
export function createExecutor(
  { directory }: ScriptedExecutorOptions,
  environment: ExecutorEnvironment,
): Executor {
  return followScript(
    {
      read: async () => {
        const script: Script = JSON.parse(await readFile(join(directory, "script.json"), "utf8"));
        return script;
      },
      note: async (call) => await appendFile(join(directory, "calls.jsonl"), `${JSON.stringify(call)}\n`),
      released: async (name, signal) => await appearance(join(directory, name), signal),
      die: async () => {
        process.kill(process.pid, "SIGKILL");
      },
    },
    environment,
  );
}

async function appearance(file: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await access(file);
      return;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    await sleep(20);
  }
}
