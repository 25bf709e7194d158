/**
 * Makes a provider believe that one of its jobs runs.
 *
 * @module
 */
import { nodeMachine } from "../dist/lib/machine/node-machine.js";
import { identifyProcess } from "../dist/lib/machine/process-identity.js";
import { requestDigest } from "../dist/provider/coordination/digest.js";
import { encodeApplicationRecord } from "../dist/provider/coordination/peer-databags.js";
import { StateDirectory } from "../dist/provider/journal/state-directory.js";

/** Writes to the journal, and to what the leader gave, that a process works on a request. */
export async function writeRunningJob({
  juju,
  peers,
  unit,
  stateDirectory,
  pid,
  relation,
  application,
  request,
}) {
  const state = new StateDirectory(stateDirectory, nodeMachine);
  const { incarnation } = await state.open();
  const lineage = "bench";
  const job = { lineage, fence: 1 };
  await state.append({ record: "started", ...job, relation, request });
  await state.append({ record: "spawned", ...job, process: await identifyProcess(pid) });
  await state.append({ record: "progress", ...job, progress: { phase: "running" } });
  const grant = {
    unit,
    ...job,
    relation,
    application,
    job: request.id,
    type: request.type,
    incarnation,
    digest: requestDigest(request),
    claim: "none",
  };
  const record = { lineage, fence: 1, tickets: new Map(), grants: new Map([[unit, grant]]), done: new Map() };
  const databag = encodeApplicationRecord(record);
  await juju.writeDatabag(peers, unit.split("/")[0], databag);
}
