/**
 * How fast the simulated Juju runs charms in process: models with both sides, in each of which backups are made; and the
 * schedules that check the coordination of units.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Credentials } from "juju-database-backup";
import { Provider } from "juju-database-backup/provider";
import { Requirer } from "juju-database-backup/requirer";
import { ScriptedDatabase, SimulatedJuju, VirtualClock } from "juju-database-backup/testing";
import { median, rounded } from "./figures.mjs";

const backupsPerModel = 3;
const schedulesPerRun = 10;
const simulateScript = fileURLToPath(new URL("../scripts/simulate.mjs", import.meta.url));

/** Without a goal. */
export async function measureSimulation({ runs }) {
  await runModel();
  const modelMs = [];
  let hooks = 0;
  for (let run = 0; run < 3 * runs; run += 1) {
    const started = performance.now();
    hooks += await runModel();
    modelMs.push(performance.now() - started);
  }
  const seconds = modelMs.reduce((sum, ms) => sum + ms, 0) / 1000;
  return {
    hooksPerSecond: Math.round(hooks / seconds),
    modelMs: rounded(median(modelMs)),
    backupsPerModel,
    ...measureSchedules(schedulesPerRun * runs),
  };
}

/** On all cores at once; schedules per second are those of one core. */
function measureSchedules(schedules) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [simulateScript, "--json", "--schedules", String(schedules)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`The schedules failed: ${stderr}`);
  const { schedulesPerSecondAndCore, steps, seconds, cores } = JSON.parse(stdout);
  return {
    schedulesPerSecond: rounded(schedulesPerSecondAndCore),
    stepsPerSecond: Math.round(steps / seconds / cores),
  };
}

async function runModel() {
  const clock = new VirtualClock();
  const database = new ScriptedDatabase(clock);
  const { executor, store } = database;
  const storage = { bucket: "backups", credentials: new Credentials("key", "secret") };
  const juju = await SimulatedJuju.start({ clock });
  await juju.deploy({
    application: "database",
    charm: "examples/postgresql-charm",
    inProcess: async (dispatch) => {
      const provider = new Provider({ ...dispatch, stateDirectory: "/state", executor, store });
      const { status } = await provider.reconcile();
      await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
    },
  });
  await juju.deploy({
    application: "manager",
    charm: "examples/backup-manager-charm",
    inProcess: async (dispatch) => {
      const requirer = new Requirer(dispatch);
      if (dispatch.event.kind === "action") await requirer.requestBackup({ storage });
      await dispatch.juju.setStatus(await requirer.reconcile());
    },
  });
  await juju.integrate("manager:database-backup", "database:database-backup");
  await juju.settle();
  for (let backup = 0; backup < backupsPerModel; backup += 1) {
    await juju.runAction("manager/0", "create-backup");
    await juju.settle();
  }
  if (database.backups.length !== backupsPerModel) throw new Error("The backups were not made.");
  await juju.stop();
  return juju.hooksRun().length;
}
