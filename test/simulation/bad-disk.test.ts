import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Processes } from "../../lib/juju/index.ts";
import { InProcessModel, stateDirectory } from "./in-process-model.ts";

const faults = ["ENOSPC", "EROFS", "EIO"] as const;
let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

async function show(id: string): Promise<Readonly<Record<string, string>>> {
  return (await model.act("show-job", { "job-id": id })).results;
}

async function nextJobSucceeds(): Promise<void> {
  await model.updateStatus();
  expect(await show(await model.requestBackup())).toMatchObject({ phase: "succeeded" });
  expect(model.status()).toEqual({ name: "active", message: "" });
}

describe.each(faults)("a disk with %s", (fault) => {
  test("before a job: the unit is Blocked, says why and what to do, and the job runs when it can", async () => {
    const done = await model.requestBackup();
    model.machine.disk.fail(fault);
    const id = await model.requestBackup();
    expect(model.status()).toMatchObject({ name: "blocked", message: expect.stringContaining(fault) });
    const said = model.juju.log().find(({ level, message }) => level === "ERROR" && message.includes(fault));
    expect(said?.message).toMatch(
      new RegExp(
        `^(?:.+: )?The state directory ${stateDirectory} could not be .+\\. Check the disk's free space`,
      ),
    );
    expect(await show(id)).toMatchObject({ phase: "requested" });
    expect(await show(done)).toMatchObject({ phase: "succeeded" });
    model.machine.disk.fail(undefined);
    await model.updateStatus();
    expect(await show(id)).toMatchObject({ phase: "succeeded" });
    await nextJobSucceeds();
  });

  test("during a job and at its end: the backup is good, and counts as good when it can be written down", async () => {
    model.scripted.script = { jobs: { "*": { progress: [10], waitFor: "the test" } } };
    const id = await model.requestBackup();
    model.machine.disk.fail(fault);
    model.scripted.release("the test");
    await model.juju.settle();
    await model.juju.advance(60_000);
    await model.updateStatus();
    expect(await show(id)).not.toMatchObject({ phase: "lost" });
    expect(model.scripted.calls.filter(({ call }) => call === "backup")).toHaveLength(1);
    model.machine.disk.fail(undefined);
    await model.juju.advance(10_000);
    expect(await show(id)).toMatchObject({ phase: "succeeded" });
    await nextJobSucceeds();
  });

  test("when its worker begins: the job waits, and is not lost", async () => {
    model.charms.database = async (dispatch) => {
      const { processes } = dispatch.machine;
      const start: Processes["start"] = async (...args) => {
        model.machine.disk.fail(fault);
        return await processes.start(...args);
      };
      await model.reconcile({
        ...dispatch,
        machine: { ...dispatch.machine, processes: { ...processes, start } },
      });
    };
    const id = await model.requestBackup();
    expect(model.status()).toMatchObject({ name: "blocked", message: expect.stringContaining(fault) });
    await model.juju.advance(60_000);
    await model.updateStatus();
    expect(model.scripted.calls).toEqual([]);
    model.machine.disk.fail(undefined);
    await model.juju.advance(10_000);
    expect(await show(id)).toMatchObject({ phase: "succeeded" });
    expect(model.scripted.calls.filter(({ call }) => call === "backup")).toHaveLength(1);
  });
});
