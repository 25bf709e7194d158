/**
 * What a job leaves behind in the example charm's journal, among its peers and its processes.
 *
 * @module
 */
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { outcomeOf } from "../../provider/journal/journal.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import { findProcesses } from "../../provider/postgresql/processes.ts";
import type { FaultStand } from "./fault-stand.ts";

/** What was left of the charm's. */
export async function remainsOfCharm(stand: FaultStand): Promise<readonly string[]> {
  return [...(await workers(stand)), ...(await journal(stand)), ...(await grants(stand))];
}

async function workers({ stateDirectory }: FaultStand): Promise<readonly string[]> {
  const found = await findProcesses(
    (argv) =>
      argv.some((argument) => argument.includes("worker-main")) &&
      argv.some((argument) => argument.startsWith(stateDirectory)),
  );
  return found.map(({ argv, pid }) => `process ${pid}: ${argv.join(" ")}`);
}

async function journal({ stateDirectory }: FaultStand): Promise<readonly string[]> {
  const { entries } = await new StateDirectory(stateDirectory, nodeMachine).open();
  return [...entries.values()]
    .filter((entry) => outcomeOf(entry) === undefined)
    .map(({ job }) => `the journal's job ${job}`);
}

async function grants({ juju }: FaultStand): Promise<readonly string[]> {
  const relation = juju.peerRelation("postgresql", "database-backup-peers");
  return Object.keys(juju.databag(relation, "postgresql"))
    .filter((key) => key.startsWith("grant-"))
    .map((key) => `the peer databag's ${key}`);
}
