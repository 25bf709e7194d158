/**
 * The worker: a detached process that does one task outside of any hook.
 *
 * What it needs it is given on its standard input, credentials included; it loads all its code before it begins, because
 * a refresh of the charm replaces the files beneath it.
 *
 * @module
 */
import type { RunningProgram } from "../../lib/machine/machine.ts";
import { shippedRules, type Rules } from "../coordination/rules.ts";
import { StateDirectory } from "../journal/state-directory.ts";
import { probeStorage, revoke } from "./worker-fences.ts";
import { decodeWorkerInput } from "./worker-input.ts";
import { recoverJob, runRequestedJob } from "./worker-job.ts";
import { stopProcess } from "./worker-stop.ts";

export { cleanUp } from "./worker-job.ts";
export { endProcess } from "./worker-stop.ts";

/**
 * The worker's program.
 *
 * @param rules For tests of the protocol alone. Default: as shipped.
 */
export async function run(
  { input: text, machine, signal, identity }: RunningProgram,
  rules: Rules = shippedRules,
): Promise<void> {
  const input = decodeWorkerInput(text);
  const state = new StateDirectory(input.stateDirectory, machine);
  switch (input.task) {
    case "run":
      return await runRequestedJob({ input, state, machine, signal, self: identity, rules });
    case "recover":
      return await recoverJob({ input, state, machine, signal, self: identity, rules });
    case "stop":
      return await stopProcess(input, state, machine);
    case "revoke":
      return await revoke(input, state, machine);
    case "probe":
      return await probeStorage(input, state, machine);
  }
}
