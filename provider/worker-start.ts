/**
 * Starts workers.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { JournalError } from "../lib/errors.ts";
import { identifyProcess, type ProcessIdentity } from "../lib/process/process-identity.ts";
import { encodeWorkerInput, type WorkerInput } from "./worker-input.ts";

const workerFile = fileURLToPath(import.meta.resolve("./worker.js"));

/**
 * Starts a worker that outlives this process: its own process group, no hook context, its input over a pipe.
 *
 * @param outputFile Where its standard error goes, over what stood there.
 * @returns Who it is, or undefined if it has ended already.
 */
export async function startWorker(
  input: WorkerInput,
  outputFile: string,
): Promise<ProcessIdentity | undefined> {
  const output = await open(outputFile, "w", 0o600);
  try {
    // The state directory on its command line tells an admin, and a sweep, whose worker it is.
    const child = spawn(process.execPath, [workerFile, input.stateDirectory, String(input.fence)], {
      cwd: input.stateDirectory,
      detached: true,
      env: environmentOutsideHooks(process.env),
      stdio: ["pipe", output.fd, output.fd],
    });
    // What keeps it from starting is thrown by the next line.
    const ended = once(child, "exit").catch(() => undefined);
    await once(child, "spawn");
    const identity = child.pid === undefined ? undefined : await identifyProcess(child.pid);
    const { stdin } = child;
    if (stdin !== null) {
      // A worker that ends without reading has no result either, which the next dispatch finds.
      stdin.on("error", () => undefined);
      const written = once(stdin, "close");
      stdin.end(encodeWorkerInput(input));
      await Promise.race([written, ended]);
    }
    child.unref();
    return identity;
  } catch (cause) {
    throw new JournalError(`The worker of job ${input.request.id} could not be started.`, {
      remedy: "Check the machine's memory and process limits, then request the job anew.",
      cause,
    });
  } finally {
    await output.close();
  }
}

/**
 * A process that outlives its hook must not hold the hook's context: Juju's tools refuse it, rightly. Whose worker it is
 * may stand in its environment.
 */
function environmentOutsideHooks(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = new Set(["JUJU_MODEL_UUID", "JUJU_UNIT_NAME"]);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => kept.has(name) || !/^(JUJU_|CHARM_DIR$)/.test(name)),
  );
}
