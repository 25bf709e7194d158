/**
 * Schedules as a backup manager keeps them: hooks that come late, twice or not at all, and leaders that change.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { InProcessModel, manager } from "./in-process-model.ts";

const hourMs = 3_600_000;
let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
  // The clock of the model begins with the year, at midnight.
  await model.act("add-schedule", { name: "hourly", cron: "0 * * * *", timezone: "UTC" });
});
afterEach(async () => {
  await model.stop();
});

async function passHours(hours: number, unit: string = manager): Promise<void> {
  await model.juju.advance(hours * hourMs);
  await model.updateStatus(unit);
}

async function listed(action: string, key: string): Promise<readonly Record<string, unknown>[]> {
  const { results } = await model.act(action, { format: "json" });
  const items: readonly Record<string, unknown>[] = JSON.parse(results[key] ?? "[]");
  return items;
}

async function missed(): Promise<unknown> {
  return (await listed("list-schedules", "schedules"))[0]?.["missed"];
}

test("a schedule asks in the first hook after its time, and not again in the next", async () => {
  await model.juju.advance(0.5 * hourMs);
  await model.updateStatus(manager);
  expect(model.scripted.backups).toHaveLength(0);
  await passHours(1);
  await model.updateStatus(manager);
  expect(model.scripted.backups).toHaveLength(1);
  expect(await listed("list-jobs", "jobs")).toMatchObject([
    { schedule: { name: "hourly", slot: "2026-01-01T01:00:00.000Z" }, phase: "succeeded" },
  ]);
});

test("after an outage it makes up for the newest time, and counts the others", async () => {
  await passHours(10);
  expect(model.scripted.backups).toHaveLength(1);
  expect(await missed()).toBe(9);
});

test("it has one open job at most, and counts the times that go by meanwhile", async () => {
  model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
  await passHours(1);
  await passHours(1);
  await passHours(1);
  expect(await listed("list-jobs", "jobs")).toHaveLength(1);
  expect(await missed()).toBe(2);
  model.scripted.release("the disk");
  await passHours(1);
  expect(await listed("list-jobs", "jobs")).toHaveLength(2);
});

test("a hook that fails after it asked, and a new leader, ask for the same job", async () => {
  const charm = model.charms.manager;
  let fails = 1;
  model.charms.manager = async (dispatch) => {
    await charm(dispatch);
    if (dispatch.event.kind === "hook" && dispatch.event.name === "update-status" && fails > 0) {
      fails -= 1;
      throw new Error("The hook fails after all.");
    }
  };
  await model.juju.addUnit("manager");
  await model.juju.settle();
  await model.juju.advance(hourMs);
  await model.juju.updateStatus(manager);
  await model.juju.settle({ allowErrors: true });
  await model.juju.resolve(manager);
  await model.juju.settle();
  await model.juju.setLeader("manager/1");
  await model.updateStatus("manager/1");
  await model.updateStatus(manager);
  expect(fails).toBe(0);
  expect(model.scripted.backups).toHaveLength(1);
});

test("what cannot be asked for is said, and asked for when it can be", async () => {
  await model.juju.removeRelation("manager:s3-parameters", "s3:s3-credentials");
  await model.juju.settle();
  await passHours(1);
  expect(model.status(manager)).toMatchObject({ name: "blocked" });
  const storage = await model.juju.integrate("manager:s3-parameters", "s3:s3-credentials");
  await model.juju.writeDatabag(storage, "s3", { bucket: "b", "access-key": "key", "secret-key": "secret" });
  await model.juju.settle();
  expect(model.scripted.backups).toHaveLength(1);
});
