/**
 * Several managers related to one database, and several databases related to one manager.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { charm as managerCharm } from "../../examples/backup-manager-charm/src/charm.ts";
import { ScriptedDatabase } from "../../lib/testing/index.ts";
import { Provider } from "../../provider/index.ts";
import { InProcessModel, manager, wireRequest } from "./in-process-model.ts";

let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

async function act(
  unit: string,
  action: string,
  parameters: Record<string, unknown> = {},
): Promise<Readonly<Record<string, string>>> {
  const task = await model.juju.runAction(unit, action, parameters);
  await model.juju.settle();
  if (task.status !== "completed") throw new Error(task.message);
  return task.results;
}

describe("two managers of one database", () => {
  const other = "other-manager/0";
  let relation: number;
  beforeEach(async () => {
    await model.juju.deploy({
      application: "other-manager",
      charm: "examples/backup-manager-charm",
      inProcess: managerCharm,
    });
    const storage = await model.juju.integrate("other-manager:s3-parameters", "s3:s3-credentials");
    await model.juju.writeDatabag(storage, "s3", {
      bucket: "backups",
      "access-key": "key",
      "secret-key": "secret",
    });
    relation = await model.juju.integrate("other-manager:database-backup", "database:database-backup");
    await model.juju.settle();
  });

  /** Lets the other manager ask for a job by an id that the first one has given to a job of its own. */
  async function askByTheSameId(id: string): Promise<void> {
    const storage = { bucket: "backups", "access-key": "key", "secret-key": "secret" };
    const request = wireRequest(id, { "storage-config": storage });
    await model.juju.writeDatabag(relation, "other-manager", { jobs: JSON.stringify([request]) });
    await model.juju.settle();
  }

  test("have jobs of the same id, and each reads the result of its own", async () => {
    const id = await model.requestBackup();
    model.scripted.script = {
      jobs: {
        "*": { fail: { code: "disk-full", message: "The disk is full.", remedy: "Free some space." } },
      },
    };
    await askByTheSameId(id);
    expect(model.scripted.calls.filter(({ call }) => call === "backup")).toHaveLength(2);
    expect(await act(manager, "show-job", { "job-id": id })).toMatchObject({
      phase: "succeeded",
      relation: `database-backup:${model.relation}`,
    });
    expect(await act(other, "show-job", { "job-id": id })).toMatchObject({
      phase: "failed",
      relation: `database-backup:${relation}`,
      message: "The disk is full.",
    });
    expect(model.status(manager).message).toMatch(/^last backup \d+ s ago$/);
    expect(model.status(other).message).toBe(`1 failed: show-job job-id=${id}`);
  });

  test("wait for each other, and are not told of the other's job", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    const id = await model.requestBackup();
    const { "job-id": second = "" } = await act(other, "create-backup");
    const waiting = await act(other, "show-job", { "job-id": second });
    expect(waiting).toMatchObject({ phase: "waiting" });
    expect(JSON.stringify(waiting)).not.toContain(id);
    expect(waiting["message"]).toBe("waits for the backup of another manager on database/0");
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await act(other, "show-job", { "job-id": second })).toMatchObject({ phase: "succeeded" });
  });

  test("clear what is theirs, and leave the other's job of the same id", async () => {
    const id = await model.requestBackup();
    await askByTheSameId(id);
    expect(await act(manager, "clear-history")).toMatchObject({ cleared: "1" });
    expect(model.juju.databag(model.relation, "manager")["jobs"]).toBeUndefined();
    expect(JSON.parse(model.juju.databag(model.relation, "database/0")["jobs"] ?? "[]")).toEqual([]);
    expect(await act(other, "show-job", { "job-id": id })).toMatchObject({ phase: "succeeded" });
    expect(JSON.parse(model.juju.databag(relation, "database/0")["jobs"] ?? "[]")).toMatchObject([
      { "job-id": id, phase: "succeeded" },
    ]);
  });
});

describe("two databases of one manager", () => {
  let scripted: ScriptedDatabase;
  beforeEach(async () => {
    scripted = new ScriptedDatabase(model.clock);
    await model.juju.deploy({
      application: "second",
      charm: "examples/postgresql-charm",
      inProcess: async (dispatch) => {
        const { executor, store } = scripted;
        const provider = new Provider({ ...dispatch, stateDirectory: "/var/lib/second", executor, store });
        const { status } = await provider.reconcile();
        await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
      },
    });
    await model.juju.integrate("manager:database-backup", "second:database-backup");
    await model.juju.settle();
  });

  test("are asked by name, side by side, and told apart in every listing", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    const { "job-id": first = "" } = await act(manager, "create-backup", { database: "database" });
    const { "job-id": second = "" } = await act(manager, "create-backup", { database: "second" });
    const { jobs = "" } = await act(manager, "list-jobs");
    expect(jobs).toMatch(new RegExp(`^${first} +full +running +database `, "m"));
    expect(jobs).toMatch(new RegExp(`^${second} +full +succeeded +second `, "m"));
    const { jobs: own = "" } = await act(manager, "list-jobs", { database: "second" });
    expect(own).not.toContain(first);
    const { databases = "" } = await act(manager, "list-databases");
    expect(databases).toMatch(/^database +\S+ +1 +- +secret$/m);
    expect(databases).toMatch(/^second +\S+ +0 +\d+ s ago +secret$/m);
    expect(model.status(manager).message).toMatch(/^1 running, last backup \d+ s ago$/);
    expect(scripted.backups).toHaveLength(1);
    expect((await act(manager, "list-backups", { database: "second" }))["backups"]).toContain(
      scripted.backups[0]?.id,
    );
    expect(await act(manager, "clear-history", { database: "database" })).toMatchObject({ cleared: "0" });
    expect(await act(manager, "clear-history", { database: "second" })).toMatchObject({ cleared: "1" });
  });

  test("have schedules of their own", async () => {
    for (const database of ["database", "second"]) {
      await act(manager, "add-schedule", { name: `${database}-nightly`, database, cron: "0 2 * * *" });
    }
    await act(manager, "add-schedule", {
      name: "second-hourly",
      database: "second",
      cron: "30 * * * *",
      type: "incremental",
    });
    await model.juju.advance(2.1 * 3_600_000);
    await model.updateStatus(manager);
    expect(model.scripted.backups.map(({ type }) => type)).toEqual(["full"]);
    expect(scripted.backups.map(({ type }) => type).toSorted()).toEqual(["full", "incremental"]);
  });

  test("lose nothing by the other's departure", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    const { "job-id": gone = "" } = await act(manager, "create-backup", { database: "database" });
    await model.juju.removeRelation("manager:database-backup", "database:database-backup");
    await model.juju.settle();
    const { "job-id": stays = "" } = await act(manager, "create-backup");
    expect(await act(manager, "show-job", { "job-id": stays })).toMatchObject({
      phase: "succeeded",
      database: "second",
    });
    expect(await act(manager, "show-job", { "job-id": gone })).toMatchObject({ phase: "lost" });
  });
});
