/**
 * What it costs the units of a database to agree on a job: hooks and databag bytes from its request to its published
 * success, and how many dispatches it takes until a worker starts.
 *
 * @module
 */
import { Provider } from "juju-database-backup/provider";
import { ScriptedDatabase, SimulatedJuju, VirtualClock } from "juju-database-backup/testing";
import { requirerDatabag } from "./databags.mjs";

const sizes = [1, 3, 9];

/** Goal: at most 6 hooks, and 5 for each unit; none when idle. */
export async function measureCoordination() {
  const result = {};
  for (const units of sizes) result[`units${units}`] = await runJob(units);
  return result;
}

/** Goal: at most 3 dispatches, one after the other, from the request's commit to the worker's start. */
export async function measureLatency() {
  const { dispatchesToStart } = await runJob(3);
  return { dispatches: dispatchesToStart };
}

async function runJob(units) {
  const clock = new VirtualClock();
  const database = new ScriptedDatabase(clock);
  const { executor, store } = database;
  const juju = await SimulatedJuju.start({ clock });
  let bytes = 0;
  let dispatches = 0;
  let dispatchesToStart;
  await juju.deploy({
    application: "database",
    charm: "examples/postgresql-charm",
    units,
    inProcess: async (dispatch) => {
      dispatches += 1;
      const { status } = await new Provider({
        ...dispatch,
        stateDirectory: "/state",
        executor,
        store,
      }).reconcile();
      await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
      if (juju.machine(dispatch.juju.unit).processes.length > 0) dispatchesToStart ??= dispatches;
    },
  });
  await juju.deploy({
    application: "manager",
    charm: "examples/backup-manager-charm",
    units: 0,
    inProcess: async () => undefined,
  });
  const relation = await juju.integrate("manager:database-backup", "database:database-backup");
  const peers = juju.peerRelation("database", "database-backup-peers");
  await juju.settle();

  const owners = ["database", ...Array.from({ length: units }, (_, unit) => `database/${unit}`)];
  const written = () =>
    owners.flatMap((owner) =>
      [juju.databag(relation, owner), juju.databag(peers, owner)].map((databag) => JSON.stringify(databag)),
    );
  const before = written();
  const hooks = juju.hooksRun().length;
  dispatches = 0;
  await juju.writeDatabag(relation, "manager", requirerDatabag(1));
  await juju.settle();
  if (database.backups.length !== 1) throw new Error("The backup was not made.");
  for (const [index, text] of written().entries())
    bytes += Math.max(0, text.length - (before[index]?.length ?? 0));
  const afterwards = juju.hooksRun().length;
  await juju.settle();
  const result = {
    hooks: afterwards - hooks,
    bytes,
    idle: juju.hooksRun().length - afterwards,
    dispatchesToStart,
  };
  await juju.stop();
  return result;
}
