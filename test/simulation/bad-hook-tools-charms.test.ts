import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LogLine } from "../../lib/testing/index.ts";
import { faults, FaultyTools, type Fault } from "./faulty-tools.ts";
import { database, manager, ScriptedModel } from "./scripted-model.ts";
import { until } from "./until.ts";

let model: ScriptedModel;
let ofDatabase: FaultyTools;
let ofManager: FaultyTools;
beforeAll(async () => {
  model = await ScriptedModel.start(1, async (charm, program, directory) => {
    const tools = await FaultyTools.in(join(directory, charm.replaceAll("/", "-"), "bin"));
    if (charm.includes("manager")) ofManager = tools;
    else ofDatabase = tools;
    return await tools.charm(charm, program);
  });
});
afterEach(async () => {
  await ofDatabase.repair();
  await ofManager.repair();
});
afterAll(async () => {
  await model.stop();
});

/** What a unit logged since a place in the log. */
function logged(unit: string, since: number): readonly LogLine[] {
  return model.juju
    .log()
    .slice(since)
    .filter((line) => line.unit === unit && line.level !== "DEBUG");
}

/** One clear line for each dispatch that failed, and nothing of Node's own words. */
function expectClearLines(unit: string, since: number, tool: string): void {
  const lines = logged(unit, since).filter(({ message }) => message.includes("hook-tool-failed"));
  const all = logged(unit, since)
    .map(({ message }) => message)
    .join("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const { message } of lines) {
    expect(message).toMatch(
      new RegExp(`^(?:[a-z-]+:\\d+: )?hook-tool-failed: Juju's hook tool ${tool} .+\\. Look into .+\\.$`),
    );
  }
  expect(all).not.toMatch(/^\s+at |node:internal|Node\.js v/m);
}

async function recover(): Promise<void> {
  await ofDatabase.repair();
  await ofManager.repair();
  await until("the unit is out of hook error", async () => {
    await model.juju.settle({ allowErrors: true });
    return await model.juju.settle().then(
      () => true,
      () => undefined,
    );
  });
}

describe("a database whose hook tool", () => {
  test.each<readonly [string, Fault]>([
    ["is-leader", "fails with Juju's text"],
    ["relation-get", "prints half of its JSON"],
    ["relation-get", "prints JSON of another shape"],
    ["relation-get", "prints nothing"],
    ["goal-state", "is killed"],
    ["relation-set", "fails with Juju's text"],
    ["status-set", "fails with Juju's text"],
  ])("%s %s says so in one line, loses nothing, and runs the job afterwards", async (tool, fault) => {
    const done = await model.requestBackup();
    await model.reportIn(done, "succeeded");
    const since = model.juju.log().length;
    await ofDatabase.replace(tool, faults[fault]);
    const id = await model.requestBackup();
    await until("a hook has failed", async () => {
      await model.juju.settle({ allowErrors: true });
      const failed = logged(database, since).some(({ message }) => message.includes("hook-tool-failed"));
      return failed || undefined;
    });
    expectClearLines(database, since, tool);
    expect(model.reports().map((report) => report["job-id"])).toContain(done);
    await recover();
    await model.reportIn(id, "succeeded");
    expect(await model.jobIn(done, "succeeded")).toMatchObject({ "job-id": done });
    expect((await model.calls()).filter(({ call, job }) => call === "backup" && job === id)).toHaveLength(1);
  });

  test("juju-log fails too says it on standard error", async () => {
    const since = model.juju.log().length;
    await ofDatabase.replace("juju-log", faults["fails with Juju's text"]);
    await ofDatabase.replace("is-leader", faults["fails with Juju's text"]);
    await model.juju.updateStatus(database);
    await model.juju.settle({ allowErrors: true });
    expectClearLines(database, since, "is-leader");
    expect(logged(database, since)[0]?.level).toBe("WARNING");
    await recover();
  });
});

describe("a backup manager whose hook tool", () => {
  test.each<readonly [string, Fault]>([
    ["relation-get", "prints JSON of another shape"],
    ["action-get", "prints no JSON"],
    ["relation-set", "fails with Juju's text"],
    ["action-set", "fails with Juju's text"],
    ["status-set", "is killed"],
  ])("%s %s fails the action, requests nothing, and keeps what was requested", async (tool, fault) => {
    await model.reportIn(await model.requestBackup(), "succeeded");
    await model.juju.settle();
    const { jobs: before = "" } = model.juju.databag(model.relation, "backup-manager");
    expect(JSON.parse(before)).not.toEqual([]);
    const since = model.juju.log().length;
    await ofManager.replace(tool, faults[fault]);
    expect(await model.tryAct("create-backup")).toMatchObject({ status: "failed" });
    expectClearLines(manager, since, tool);
    expect(model.juju.databag(model.relation, "backup-manager")["jobs"] === before).toBe(true);
    await recover();
    await model.jobIn(await model.requestBackup(), "succeeded");
  });
});
