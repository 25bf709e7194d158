/**
 * The story of a job, as the manager's admin follows it from request to end.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { InProcessModel, manager } from "./in-process-model.ts";

const minuteMs = 60_000;
let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

async function act(
  action: string,
  parameters: Record<string, unknown> = {},
): Promise<Readonly<Record<string, string>>> {
  const { status, results, message } = await model.act(action, parameters);
  if (status !== "completed") throw new Error(message);
  return results;
}

async function show(id: string): Promise<Readonly<Record<string, string>>> {
  return await act("show-job", { "job-id": id });
}

test("a job that runs says how far it is and how long it may take, one that waits for what and in which place", async () => {
  model.scripted.script = { jobs: { "*": { progress: [25], waitFor: "the disk" } } };
  const { "job-id": first = "" } = await act("create-backup", { type: "full" });
  const { "job-id": second = "" } = await act("create-backup");
  const { "job-id": third = "" } = await act("create-backup");
  await model.juju.advance(10 * minuteMs);
  expect(await show(first)).toMatchObject({ phase: "running", progress: "25 %, about 30 min left" });
  expect(await show(second)).toMatchObject({
    phase: "waiting",
    position: "1",
    "waiting-for": first,
    message: `waits for the backup ${first} on database/0`,
  });
  expect(await show(third)).toMatchObject({ phase: "waiting", position: "2" });
  expect(model.status(manager)).toEqual({ name: "active", message: "1 running (25 %), 2 waiting" });
});

test("a job that cannot begin before its deadline says so, and is over", async () => {
  model.scripted.script = { standing: { ready: false, reason: "PostgreSQL is starting" } };
  const { "job-id": id = "" } = await act("create-backup", { "start-before": "2026-01-01T00:30:00Z" });
  expect(await show(id)).toMatchObject({
    phase: "waiting",
    "start-before": "2026-01-01T00:30:00.000Z",
    message: expect.stringContaining("PostgreSQL is starting"),
  });
  await model.juju.advance(31 * minuteMs);
  await model.updateStatus();
  expect(await show(id)).toMatchObject({
    phase: "expired",
    status: "error",
    message: expect.stringMatching(/PostgreSQL is starting|2026-01-01T00:30/),
    remedy: expect.stringMatching(/\.$/),
  });
});

test("a job can be called off while it waits and while it runs, and the others go on", async () => {
  model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
  const [running, waiting, last] = [
    await model.requestBackup(),
    await model.requestBackup(),
    await model.requestBackup(),
  ];
  await act("cancel", { "job-id": waiting });
  expect(await show(waiting)).toMatchObject({ phase: "cancelled" });
  await act("cancel", { "job-id": running });
  expect(await show(running)).toMatchObject({ phase: "cancelled" });
  expect(await show(last)).toMatchObject({ phase: "running" });
  // Somebody wanted it so: nothing is wrong.
  expect(model.status(manager).message).toBe("1 running");
  model.scripted.release("the disk");
  await model.juju.settle();
  expect(await show(last)).toMatchObject({ phase: "succeeded" });
});

test("a paused schedule asks for nothing, and does not make up for it when it goes on", async () => {
  await act("add-schedule", { name: "hourly", cron: "0 * * * *" });
  const paused = await act("pause-schedule", { name: "hourly" });
  expect(paused["schedules"]).toMatch(/^hourly .* paused +0$/m);
  await model.juju.advance(5.5 * 60 * minuteMs);
  await model.updateStatus(manager);
  expect(model.scripted.backups).toHaveLength(0);
  await act("pause-schedule", { name: "hourly", resume: true });
  expect(model.scripted.backups).toHaveLength(0);
  await model.juju.advance(60 * minuteMs);
  await model.updateStatus(manager);
  expect(model.scripted.backups).toHaveLength(1);
});
