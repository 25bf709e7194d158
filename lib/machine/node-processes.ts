/**
 * Real processes that outlive the hook that starts them.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { errnoOf } from "../process/errno.ts";
import { identifyProcess, isRunning } from "./process-identity.ts";
import type { Processes } from "./machine.ts";
import { close, open } from "./node-files.ts";

/**
 * A worker lives for hours and has little to do. So what it leaves behind is cleared away soon, instead of when much has
 * gathered: room for what is new, in MiB.
 */
const memoryOption = "--max-semi-space-size=1";

/** Processes by Node.js, each in a process group of its own. */
export const nodeProcesses: Processes = {
  start: async ({ main, args }, input, outputFile) => {
    const output = await open(outputFile, "w", 0o600);
    try {
      const child = spawn(process.execPath, [memoryOption, fileURLToPath(main), ...args], {
        cwd: dirname(outputFile),
        detached: true,
        env: environmentOutsideHooks(process.env),
        stdio: ["pipe", output, output],
      });
      // What keeps it from starting is thrown by the next line.
      const ended = once(child, "exit").catch(() => undefined);
      await once(child, "spawn");
      const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
      const { stdin } = child;
      if (stdin !== null) {
        // One that ends without reading leaves no result either, which whoever looks for it finds.
        stdin.on("error", () => undefined);
        const written = once(stdin, "close");
        stdin.end(input);
        await Promise.race([written, ended]);
      }
      child.unref();
      return identity;
    } finally {
      await close(output);
    }
  },

  isRunning,

  signal: async (identity, signal) => {
    if (!(await isRunning(identity))) return;
    try {
      process.kill(signal === "SIGKILL" ? -identity.pid : identity.pid, signal);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error;
    }
  },

  leave: async ([program, ...args]) => {
    const env = environmentOutsideHooks(process.env);
    const child = spawn(program, args, { detached: true, env, stdio: "ignore" });
    child.unref();
    await new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("close", () => resolve());
    });
  },
};

/**
 * A process that outlives its hook must not hold the hook's context: Juju's tools refuse it, rightly. Whose process it is
 * may stand in its environment.
 */
function environmentOutsideHooks(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = new Set(["JUJU_MODEL_UUID", "JUJU_UNIT_NAME"]);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => kept.has(name) || !/^(JUJU_|CHARM_DIR$)/.test(name)),
  );
}
