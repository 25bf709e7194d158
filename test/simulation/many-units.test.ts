/**
 * A database of several units, of which one runs each job.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { ActionResult } from "../../lib/testing/index.ts";
import { UnitsModel, archiveStorage, type UnitsModelOptions } from "./units-model.ts";

let model: UnitsModel;
afterEach(async () => {
  await model.stop();
});

async function start(options: UnitsModelOptions = {}): Promise<void> {
  model = await UnitsModel.start(options);
}

describe("a job", () => {
  test.each([1, 3, 5])("is run once, by one of %i units, which reports it", async (units) => {
    await start({ units });
    await model.request("job");
    expect(model.phases("job")).toEqual(["succeeded"]);
    expect(model.started).toEqual(["job"]);
    expect(model.grants()).toEqual([]);
    const before = model.juju.hooksRun().length;
    await model.updateStatus();
    expect(model.started).toEqual(["job"]);
    expect(model.juju.hooksRun()).toHaveLength(before + units);
  });

  test("leaves nothing in the databags once its request is gone", async () => {
    await start();
    await model.request("job");
    await model.withdraw("job");
    expect(model.reports("job")).toEqual({});
    expect(model.queue()).toEqual([]);
    expect(Object.keys(model.peerDatabag("database")).filter((key) => key.startsWith("ticket-"))).toEqual([]);
  });

  test("waits while another one runs, and its manager reads why", async () => {
    await start();
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    await model.request("second");
    expect(model.phases("first")).toEqual(["running"]);
    expect(model.queue()).toEqual([
      {
        "job-id": "second",
        position: 1,
        reason: expect.stringMatching(/^waits for the backup first on database\/\d$/),
        "waiting-for": "first",
      },
    ]);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.phases("second")).toEqual(["succeeded"]);
    expect(model.queue()).toEqual([]);
    expect(model.started).toEqual(["first", "second"]);
  });

  test("runs beside another one where the executor says that two backups get along, on another unit", async () => {
    await start();
    model.scripted.script = { backupsTogether: true, jobs: { "*": { waitFor: "the disk" } } };
    await model.request("first");
    await model.request("second");
    const units = [...Object.keys(model.reports("first")), ...Object.keys(model.reports("second"))];
    expect(new Set(units).size).toBe(2);
    await model.request("restore", { "job-type": "restore", "artefact-path": "/backup/x/" });
    await model.request("third");
    expect(model.queue().map((job) => [job["job-id"], job["waiting-for"]])).toEqual([
      ["restore", "first"],
      ["third", "restore"],
    ]);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.started).toEqual(["first", "second", "restore", "third"]);
  });

  test("runs where its type can: a backup on a replica for choice, a restore on the primary", async () => {
    await start();
    model.scripted.script = { standings: { "database/2": { ready: true, role: "replica" } } };
    await model.updateStatus();
    await model.request("backup");
    await model.request("restore", { "job-type": "restore", "artefact-path": "/backup/x/" });
    expect(Object.keys(model.reports("backup"))).toEqual(["database/2"]);
    expect(Object.keys(model.reports("restore"))).not.toEqual(["database/2"]);
  });

  test("waits for a unit that is ready, and says what each unit says", async () => {
    await start({ units: 2 });
    model.scripted.script = { standing: { ready: false, reason: "the database starts" } };
    await model.request("job");
    expect(model.queue()[0]).toMatchObject({
      reason: expect.stringContaining("database/1: the database starts"),
    });
    model.scripted.script = {};
    await model.updateStatus();
    expect(model.phases("job")).toEqual(["succeeded"]);
  });
});

describe("several managers", () => {
  test("are served in the order of their requests, and each reads of its own jobs", async () => {
    await start({ managers: ["manager", "other"] });
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    await model.request("job");
    await model.request("job", {}, "other");
    await model.request("next");
    expect(model.queue("other")).toEqual([
      expect.objectContaining({ "job-id": "job", position: 1, "waiting-for": "another manager's" }),
    ]);
    expect(model.queue().map((job) => [job["job-id"], job["position"]])).toEqual([["next", 2]]);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.started).toEqual(["job", "job", "next"]);
    expect(model.phases("job")).toEqual(["succeeded"]);
    expect(model.phases("job", "other")).toEqual(["succeeded"]);
  });

  test("may go away while their job runs: it runs to its end, and nothing is left", async () => {
    await start();
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    await model.request("job");
    await model.juju.removeRelation("manager:database-backup", "database:database-backup");
    model.scripted.release("the disk");
    await model.juju.settle();
    await model.updateStatus();
    expect(model.scripted.backups).toHaveLength(1);
    expect(model.grants()).toEqual([]);
  });
});

describe("a deadline", () => {
  test("ends a job that waited too long, and no other", async () => {
    await start();
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    const soon = new Date(model.clock.now().getTime() + 60_000).toISOString();
    await model.request("late", { "start-before": soon });
    await model.juju.advance(120_000);
    await model.updateStatus();
    expect(model.phases("late")).toEqual(["expired"]);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.started).toEqual(["first"]);
  });
});

describe("a cancel", () => {
  test("ends a job that waits", async () => {
    await start();
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    await model.request("second");
    await model.request("second", { cancel: true });
    expect(model.phases("second")).toEqual(["cancelled"]);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.started).toEqual(["first"]);
  });

  test("stops a job at work", async () => {
    await start();
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    await model.request("job");
    await model.request("job", { cancel: true });
    expect(model.phases("job")).toEqual(["cancelled"]);
    expect(model.grants()).toEqual([]);
  });

  test("ends a worker that does not listen, and cleans up after it", async () => {
    await start();
    model.scripted.script = { jobs: { "*": { waitFor: "the disk", ignoresCancel: true } } };
    await model.request("job");
    await model.request("job", { cancel: true });
    expect(model.phases("job")).toEqual(["running"]);
    await model.juju.advance(60_000);
    await model.updateStatus();
    expect(model.phases("job")).toEqual(["cancelled"]);
    expect(model.scripted.calls.map(({ call }) => call)).toContain("recover");
    await model.request("next");
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.phases("next")).toEqual(["succeeded"]);
  });

  test("is seen through though the process that was to see to it dies", async () => {
    await start();
    model.scripted.script = { jobs: { "*": { waitFor: "the disk", ignoresCancel: true } } };
    await model.request("job");
    const [unit = ""] = Object.keys(model.reports("job"));
    const [worker] = model.juju.machine(unit).processes;
    await model.request("job", { cancel: true });
    const stopping = model.juju.machine(unit).processes.filter(({ pid }) => pid !== worker?.pid);
    expect(stopping).toHaveLength(1);
    for (const { pid } of stopping) model.juju.machine(unit).kill(pid);
    await model.updateStatus();
    await model.juju.advance(60_000);
    await model.updateStatus();
    expect(model.phases("job")).toEqual(["cancelled"]);
  });

  test("comes too late after the point of no return, and the report says so", async () => {
    await start();
    model.scripted.script = { jobs: { "*": { noReturn: true, waitFor: "the disk" } } };
    await model.request("job");
    await model.request("job", { cancel: true });
    await model.juju.advance(60_000);
    await model.updateStatus();
    expect(Object.values(model.reports("job"))[0]).toMatchObject({
      phase: "running",
      message: "The cancel came too late: stopping now would do more harm than going on.",
    });
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.phases("job")).toEqual(["succeeded"]);
  });
});

describe("a leader that changes", () => {
  test("while a job runs changes nothing for the job", async () => {
    await start();
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    await model.request("second");
    await model.juju.setLeader("database/2");
    await model.juju.settle();
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(model.started).toEqual(["first", "second"]);
    expect(model.phases("first")).toEqual(["succeeded"]);
    expect(model.phases("second")).toEqual(["succeeded"]);
  });
});

describe("a unit that is removed", () => {
  test("stops its job and says so, and another unit takes the next", async () => {
    await start();
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    const [unit = ""] = Object.keys(model.reports("first"));
    await model.request("second");
    const machine = model.juju.machine(unit);
    await model.juju.removeUnit(unit);
    await model.juju.settle();
    expect(machine.processes).toEqual([]);
    expect(Object.values(model.reports("first"))).toMatchObject([
      { phase: "cancelled", "error-code": "unit-removed", message: expect.stringContaining(unit) },
    ]);
    expect(model.phases("second")).toEqual(["succeeded"]);
    expect(model.grants()).toEqual([]);
    await model.updateStatus();
    expect(model.started).toEqual(["first", "second"]);
  });

  test("by force leaves a grant that is free once the storage keeps its fence from everybody", async () => {
    await start({ provider: { archiveStorage } });
    model.scripted.script = { standings: { "database/2": { ready: true, role: "replica" } } };
    await model.updateStatus();
    await model.juju.setLeader("database/0");
    // It is granted the job, and never comes to know.
    await model.juju.hold("database/2");
    await model.request("job");
    expect(model.grants()).toEqual(["grant-database-2"]);
    await model.juju.removeUnit("database/2", { force: true });
    await model.juju.settle();
    await model.updateStatus();
    expect(model.phases("job")).toEqual(["lost"]);
    expect(model.grants()).toEqual([]);
    expect(model.started).toEqual([]);
  });

  test("by force during its job leaves a grant that only an admin frees", async () => {
    await start({ provider: { archiveStorage } });
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    const [unit = ""] = Object.keys(model.reports("first"));
    await model.juju.setLeader(unit === "database/0" ? "database/1" : "database/0");
    await model.request("second");
    await model.juju.removeUnit(unit, { force: true });
    await model.juju.settle();
    await model.updateStatus();
    expect(model.grants()).toHaveLength(1);
    expect(model.queue()[0]).toMatchObject({
      reason: expect.stringContaining("run release-grant on the leader, fence=1"),
    });
    expect(model.started).toEqual(["first"]);

    const { leader } = model;
    const release = async (parameters: Record<string, unknown>): Promise<ActionResult> =>
      await model.juju.runAction(leader, "release-grant", parameters);
    expect(await release({ fence: 7 })).toMatchObject({
      status: "failed",
      message: `There is no grant with the fence 7. Name one of those that there are: 1 (${unit}).`,
    });
    const shown = await release({ fence: 1 });
    expect(shown.results).toMatchObject({
      state: "shown",
      message: expect.stringContaining(`confirm=${unit}`),
    });
    await model.juju.settle();
    expect(model.grants()).toHaveLength(1);
    // The storage was asked before: the worker that ran had claimed the fence.
    const freed = await release({ fence: 1, confirm: unit });
    expect(freed.results).toMatchObject({ state: "released" });
    await model.juju.settle();
    expect(model.phases("first")).toEqual(["lost"]);
    expect(model.phases("second")).toEqual(["succeeded"]);
    expect(model.grants()).toEqual([]);
  });

  test("and comes back under its name speaks for the one before only when an admin says so", async () => {
    model = await UnitsModel.start({ reuseUnitNumbers: true });
    model.scripted.script = {
      standings: { "database/2": { ready: true, role: "replica" } },
      jobs: { first: { waitFor: "the disk" } },
    };
    await model.updateStatus();
    await model.juju.setLeader("database/0");
    await model.request("first");
    expect(Object.keys(model.reports("first"))).toEqual(["database/2"]);
    await model.juju.removeUnit("database/2", { force: true });
    await model.juju.addUnit("database");
    await model.juju.settle();
    await model.updateStatus();
    expect(model.status("database/2")).toEqual({
      name: "blocked",
      message: expect.stringContaining("run release-grant fence=1 once its machine is off"),
    });
    const freed = await model.juju.runAction("database/2", "release-grant", {
      fence: 1,
      confirm: "database/2",
    });
    expect(freed.results).toMatchObject({ state: "released" });
    await model.juju.settle();
    expect(model.phases("first")).toEqual(["lost"]);
    await model.request("second");
    expect(Object.keys(model.reports("second"))).toEqual(["database/2"]);
  });

  test("that still works is not given up", async () => {
    await start();
    model.scripted.script = { jobs: { first: { waitFor: "the disk" } } };
    await model.request("first");
    const [unit = ""] = Object.keys(model.reports("first"));
    const refused = await model.juju.runAction(unit, "release-grant", { fence: 1, confirm: unit });
    expect(refused).toMatchObject({
      status: "failed",
      message: expect.stringContaining("held by this very unit"),
    });
  });
});
