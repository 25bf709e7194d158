/**
 * Starts workers.
 *
 * @module
 */
import { JournalError } from "../../lib/errors.ts";
import type { ProcessIdentity, Processes, Program } from "../../lib/machine/machine.ts";
import type { Rules } from "../coordination/rules.ts";
import { encodeWorkerInput, type WorkerInput } from "./worker-input.ts";

/**
 * Starts a worker that outlives this dispatch.
 *
 * @param outputFile Where its standard error goes, over what stood there.
 * @param rules For tests of the protocol, whose workers are no processes of their own. Default: as shipped.
 * @returns Who it is, or undefined if it has ended already.
 */
export async function startWorker(
  processes: Processes,
  input: WorkerInput,
  outputFile: string,
  rules?: Rules,
): Promise<ProcessIdentity | undefined> {
  const program: Program = {
    // Beside this module in a charm's bundle too, where all entries and chunks lie in one folder.
    main: import.meta.resolve("./worker-main.js"),
    load: async () => {
      const { run } = await import("./worker.ts");
      return { run: async (self) => await run(self, rules) };
    },
    // The state directory on its command line tells an admin, and a sweep, whose worker it is.
    args: [input.stateDirectory, input.task, "fence" in input ? String(input.fence) : "-"],
  };
  try {
    return await processes.start(program, encodeWorkerInput(input), outputFile);
  } catch (cause) {
    throw new JournalError(`A worker could not be started, to ${input.task}.`, {
      remedy: "Check the machine's memory and process limits, then request the job anew.",
      cause,
    });
  }
}
