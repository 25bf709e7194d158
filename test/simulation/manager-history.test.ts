/**
 * The history of a manager, which outlives everything that it tells of.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { database, InProcessModel, manager } from "./in-process-model.ts";

let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

async function show(id: string, unit: string = manager): Promise<Readonly<Record<string, string>>> {
  const { results } = await model.juju.runAction(unit, "show-job", { "job-id": id });
  return results;
}

/** What the manager's units logged of a job. */
function logged(id: string): readonly string[] {
  return (
    model.juju
      .log()
      .filter(({ unit, message }) => unit.startsWith("manager/") && message.includes(id))
      // Juju writes before a line which relation the hook is about.
      .map(({ level, message }) => `${level} ${message.replace(/^\S+: /, "")}`)
  );
}

test("outlives a new leader, a refresh of the charm, the relation and the database itself", async () => {
  const id = await model.requestBackup();
  const told = await show(id);
  expect(told).toMatchObject({
    phase: "succeeded",
    unit: database,
    "backup-id": "database-1",
    size: "1.0 KiB",
    "requested-at": expect.any(String),
    "started-at": expect.any(String),
    "finished-at": expect.any(String),
    "artefact-path": expect.any(String),
  });
  await model.juju.addUnit("manager");
  await model.juju.settle();
  await model.juju.setLeader("manager/1");
  await model.juju.refresh({
    application: "manager",
    charm: "examples/backup-manager-charm",
    inProcess: async (dispatch) => await model.charms.manager(dispatch),
  });
  await model.juju.settle();
  await model.juju.removeRelation("manager:database-backup", "database:database-backup");
  await model.juju.settle();
  await model.juju.removeUnit(manager);
  await model.updateStatus("manager/1");
  expect(await show(id, "manager/1")).toEqual(told);
});

test("has the last words of a unit that goes before anybody listens", async () => {
  model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
  const id = await model.requestBackup();
  await model.juju.hold(manager);
  model.scripted.release("the disk");
  await model.juju.settle();
  await model.juju.removeUnit(database, { force: true });
  await model.juju.settle();
  await model.juju.hold(manager, false);
  await model.juju.settle();
  expect(await show(id)).toMatchObject({ phase: "succeeded", unit: database, "backup-id": "database-1" });
});

test("has each end in the log once, and once more only where the hook failed that logged it", async () => {
  const good = await model.requestBackup();
  model.scripted.script = {
    jobs: { "*": { fail: { code: "disk-full", message: "The disk is full.", remedy: "Free some space." } } },
  };
  const bad = await model.requestBackup();
  await model.updateStatus(manager);
  expect(logged(good)).toEqual([
    `INFO backup job ${good} of database (database-backup:${model.relation}) succeeded. Backup database-1.`,
  ]);
  expect(logged(bad)).toEqual([
    `ERROR backup job ${bad} of database (database-backup:${model.relation}) failed. The disk is full. Free some space.`,
  ]);

  model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
  const third = await model.requestBackup();
  const ours = model.charms.manager;
  model.charms.manager = async (dispatch) => {
    await ours(dispatch);
    if (logged(third).length === 1) throw new Error("The hook fails after all.");
  };
  model.scripted.release("the disk");
  await model.juju.settle({ allowErrors: true });
  await model.juju.resolve(manager);
  await model.juju.settle();
  await model.updateStatus(manager);
  expect(logged(third)).toHaveLength(2);
});
