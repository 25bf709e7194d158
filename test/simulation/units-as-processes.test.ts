import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isAlive, ProcessesModel } from "./processes-model.ts";
import { until } from "./until.ts";

const other = "other-manager";
let model: ProcessesModel;

beforeEach(async () => {
  model = await ProcessesModel.start(["manager", other]);
});
afterEach(async () => {
  await model.stop();
});

/** Requests a job that waits at work until the test lets it go on. */
async function atWork(id: string): Promise<string> {
  await model.scripts.script({ jobs: { [id]: { waitFor: "go-on" } } });
  await model.request(id);
  const unit = await model.unitWith(id, "running");
  await until(`job ${id} has begun`, async () => (await model.started()).includes(id) || undefined);
  return unit;
}

/** A job that comes after all that went wrong, and finds nothing in its way. */
async function nextSucceeds(): Promise<void> {
  await model.scripts.script({});
  await model.request("next");
  await model.unitWith("next", "succeeded");
  await until("no grant is left", async () => {
    if (model.grants().length === 0) return true;
    await model.updateStatus();
    return undefined;
  });
}

test("two managers that ask at once for a job of the same id are both served, one after the other", async () => {
  await model.scripts.script({ jobs: { job: { waitFor: "go-on" } } });
  await Promise.all([model.request("job"), model.request("job", {}, other)]);
  await until("one has begun", async () => (await model.started()).length > 0 || undefined);
  await model.updateStatus();
  expect(await model.started()).toEqual(["job"]);
  const waiting = [...model.queue(), ...model.queue(other)];
  expect(waiting.map((each) => each["job-id"])).toEqual(["job"]);
  await model.scripts.release("go-on");
  for (const manager of ["manager", other]) {
    await model.unitWith("job", "succeeded", manager);
    expect(model.phases("job", manager)).toEqual(["succeeded"]);
  }
  expect(await model.started()).toEqual(["job", "job"]);
});

test("many requests of two managers at once are all served, each once", async () => {
  const ids = Array.from({ length: 4 }, (_, index) => `job-${index}`);
  await Promise.all(ids.flatMap((id) => [model.request(id), model.request(id, {}, other)]));
  for (const id of ids) {
    for (const manager of ["manager", other]) await model.unitWith(id, "succeeded", manager);
  }
  const started = await model.started();
  expect(started).toHaveLength(2 * ids.length);
  for (const id of ids) expect(started.filter((job) => job === id)).toHaveLength(2);
});

test("a leader that is replaced in mid-job changes nothing for the job", async () => {
  const unit = await atWork("job");
  const leaders = model.units.filter((each) => each !== model.leader);
  for (const leader of leaders) {
    await model.juju.setLeader(leader);
    await model.updateStatus();
  }
  await model.scripts.release("go-on");
  expect(await model.unitWith("job", "succeeded")).toBe(unit);
  expect(model.phases("job")).toEqual(["succeeded"]);
  expect(await model.started()).toEqual(["job"]);
  await nextSucceeds();
});

test("a worker that is killed is found, its job is lost and not run again", async () => {
  const unit = await atWork("job");
  process.kill(await model.worker(unit), "SIGKILL");
  expect(await model.unitWith("job", "lost")).toBe(unit);
  await nextSucceeds();
  expect(await model.started()).toEqual(["job", "next"]);
  expect(await model.recovered()).toEqual(["job"]);
});

describe.each(["die-before-writes", "die-after-writes"])("a dispatch that is killed (%s)", (killed) => {
  test("by the request that it was to serve loses nothing", async () => {
    await model.scripts.release(killed);
    await model.request("job");
    await model.unitWith("job", "succeeded");
    expect(await model.started()).toEqual(["job"]);
    await nextSucceeds();
  });

  test("while its unit's job is at work neither stops nor repeats it", async () => {
    const unit = await atWork("job");
    await model.scripts.release(killed);
    await model.juju.updateStatus(unit);
    await model.juju.settle({ allowErrors: true });
    await model.scripts.release("go-on");
    expect(await model.unitWith("job", "succeeded")).toBe(unit);
    expect(await model.started()).toEqual(["job"]);
    await nextSucceeds();
  });
});

test("a unit that is removed stops its job and says so, and another unit takes the next", async () => {
  const unit = await atWork("job");
  const worker = await model.worker(unit);
  await model.juju.removeUnit(unit);
  await until("the worker is gone", () => !isAlive(worker) || undefined);
  await model.juju.settle();
  expect(await model.unitWith("job", "cancelled")).not.toBe(unit);
  expect(model.units).toHaveLength(2);
  await nextSucceeds();
  expect(await model.started()).toEqual(["job", "next"]);
});

test("an agent that restarts finds the job that its unit works on", async () => {
  const unit = await atWork("job");
  await model.juju.restartAgent(unit);
  await model.updateStatus();
  await model.scripts.release("go-on");
  expect(await model.unitWith("job", "succeeded")).toBe(unit);
  expect(await model.started()).toEqual(["job"]);
  await nextSucceeds();
});

test("where the executor allows it, two backups run at once, on two units", async () => {
  await model.scripts.script({ backupsTogether: true, jobs: { "*": { waitFor: "go-on" } } });
  await model.request("first");
  await model.request("second");
  const units = [await model.unitWith("first", "running"), await model.unitWith("second", "running")];
  expect(new Set(units).size).toBe(2);
  const workers = await Promise.all(units.map(async (unit) => await model.worker(unit)));
  // Both at work for a while, and not one about to go as the other comes.
  await sleep(200);
  expect(workers.every(isAlive)).toBe(true);
  await model.scripts.release("go-on");
  for (const id of ["first", "second"]) await model.unitWith(id, "succeeded");
});
