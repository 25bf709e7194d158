/**
 * Makes a provider believe that one of its jobs runs.
 *
 * @module
 */
import { nodeMachine } from "../dist/lib/machine/node-machine.js";
import { identifyProcess } from "../dist/lib/machine/process-identity.js";
import { StateDirectory } from "../dist/provider/state-directory.js";

/** Writes to the journal that a process works on a request. */
export async function writeRunningJob({ stateDirectory, pid, relation, request }) {
  const state = new StateDirectory(stateDirectory, nodeMachine);
  await state.open();
  await state.append({ record: "started", fence: 1, relation, request });
  await state.append({ record: "spawned", fence: 1, process: await identifyProcess(pid) });
  await state.append({ record: "progress", fence: 1, progress: { phase: "running" } });
}
