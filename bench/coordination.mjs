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
  const owners = ["database", ...Array.from({ length: units }, (_, unit) => `database/${unit}`)];
  const chain = new Chain(() => owners.map((owner) => [owner, JSON.stringify(juju.databag(peers, owner))]));
  let peers;
  let dispatchesToStart;
  await juju.deploy({
    application: "database",
    charm: "examples/postgresql-charm",
    units,
    inProcess: async (dispatch) => {
      const { unit } = dispatch.juju;
      const depth =
        peers === undefined ? 0 : chain.begin(unit === juju.leader("database") ? owners : ["database", unit]);
      const { status } = await new Provider({
        ...dispatch,
        stateDirectory: "/state",
        executor,
        store,
      }).reconcile();
      await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
      if (juju.machine(unit).processes.length > 0) dispatchesToStart ??= depth;
    },
  });
  await juju.deploy({
    application: "manager",
    charm: "examples/backup-manager-charm",
    units: 0,
    inProcess: async () => undefined,
  });
  const relation = await juju.integrate("manager:database-backup", "database:database-backup");
  await juju.settle();
  peers = juju.peerRelation("database", "database-backup-peers");
  const written = () =>
    owners.flatMap((owner) =>
      [juju.databag(relation, owner), juju.databag(peers, owner)].map((databag) => JSON.stringify(databag)),
    );
  const before = written();
  const hooks = juju.hooksRun().length;
  chain.restart();
  await juju.writeDatabag(relation, "manager", requirerDatabag(1));
  await juju.settle();
  if (database.backups.length !== 1) throw new Error("The backup was not made.");
  let bytes = 0;
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

/** How many dispatches had to happen one after the other for a databag to say what it says. */
class Chain {
  #read;
  #texts = new Map();
  #depths = new Map();
  #last = 0;

  constructor(read) {
    this.#read = read;
  }

  /** Forgets what was before. */
  restart() {
    this.#texts = new Map(this.#read());
    this.#depths.clear();
    this.#last = 0;
  }

  /** A dispatch begins that reads the databags of these owners. @returns Its place in the chain. */
  begin(owners) {
    // What has changed was written by the dispatch before: one ends before the next begins.
    for (const [owner, text] of this.#read()) {
      if (this.#texts.get(owner) !== text) this.#depths.set(owner, this.#last);
      this.#texts.set(owner, text);
    }
    this.#last = 1 + Math.max(...owners.map((owner) => this.#depths.get(owner) ?? 0));
    return this.#last;
  }
}
