import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Dispatch } from "../../lib/juju/index.ts";
import { Requirer } from "../../requirer/index.ts";
import { database, InProcessModel, manager, wireRequest } from "./in-process-model.ts";

let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

function backups(): readonly (string | undefined)[] {
  return model.scripted.calls.filter(({ call }) => call === "backup").map(({ job }) => job);
}

function requested(): readonly unknown[] {
  const { jobs = "[]" } = model.juju.databag(model.relation, "manager");
  const requests: readonly Record<string, unknown>[] = JSON.parse(jobs);
  return requests.map((request) => request["job-id"]);
}

describe("a database charm", () => {
  test("that reconciles twice, one after the other and at once, runs each job once", async () => {
    model.charms.database = async (dispatch) => {
      const provider = model.provider(dispatch);
      await provider.reconcile();
      const [first, second] = await Promise.all([provider.reconcile(), provider.reconcile()]);
      expect(second).toEqual(first);
      await model.reconcile(dispatch);
    };
    const ids = [await model.requestBackup(), await model.requestBackup()];
    expect(backups()).toEqual(ids);
    for (const id of ids) {
      expect((await model.act("show-job", { "job-id": id })).results).toMatchObject({ phase: "succeeded" });
    }
  });

  test("that fails after it has reconciled is not dispatched over and over, and runs the job when it can", async () => {
    let [dispatches, fails] = [0, true];
    model.charms.database = async (dispatch) => {
      dispatches += 1;
      if (!fails) return await model.reconcile(dispatch);
      await model.provider(dispatch).reconcile();
      // Commands that each have another one run would never come to rest.
      fails = dispatches < 50;
      throw new Error("no such luck");
    };
    const { results } = await model.juju.runAction(manager, "create-backup");
    await model.juju.settle({ allowErrors: true });
    expect(dispatches).toBeLessThan(10);
    fails = false;
    await model.juju.advance(600_000);
    await model.juju.settle();
    expect(model.report(results["job-id"] ?? "")).toMatchObject({ phase: "succeeded" });
  });

  test("that is installed with two calls begins one life", async () => {
    const lives = (): number => {
      const files = [...model.machine.disk.files()].filter(([path]) => path.endsWith("journal.jsonl"));
      return files.flatMap(([, text]) => text.match(/"record":"incarnation"/g) ?? []).length;
    };
    let after = 0;
    model.charms.database = async (dispatch) => {
      const provider = model.provider({ ...dispatch, event: { kind: "hook", name: "install" } });
      await Promise.all([provider.reconcile(), provider.reconcile()]);
      after = lives();
    };
    const before = lives();
    await model.updateStatus();
    expect(after).toBe(before + 1);
  });

  const values = ["", "{", "[]", "null", '[{"job-id":"__proto__","status":"running"}]', "x".repeat(100_000)];
  describe.each(["before", "after"] as const)("that writes the library's keys %s it reconciles", (when) => {
    test.each(values)("%j, has them put right", async (value) => {
      const id = await model.requestBackup();
      const right = {
        unit: model.juju.databag(model.relation, database),
        application: model.juju.databag(model.relation, "database"),
      };
      const spoil = async ({ juju }: Dispatch): Promise<void> => {
        const [relation = ""] = await juju.relationIds("database-backup");
        await juju.writeUnitDatabag(relation, { jobs: value, mine: "kept" });
        await juju.writeApplicationDatabag(relation, {
          features: value,
          backups: value,
          problems: value,
          "lib-version": value,
          mine: "kept",
        });
      };
      model.charms.database = async (dispatch) => {
        if (when === "before") await spoil(dispatch);
        await model.reconcile(dispatch);
        if (when === "after") await spoil(dispatch);
      };
      await model.updateStatus();
      model.charms.database = async (dispatch) => await model.reconcile(dispatch);
      if (when === "after") await model.updateStatus();
      expect(model.juju.databag(model.relation, database)).toEqual({ ...right.unit, mine: "kept" });
      expect(model.juju.databag(model.relation, "database")).toEqual({ ...right.application, mine: "kept" });
      expect(model.report(id)).toMatchObject({ phase: "succeeded" });
      expect(backups()).toEqual([id]);
      await model.requestBackup();
      expect(backups()).toHaveLength(2);
    });
  });

  test("whose unit says that a job has ended of which its journal knows nothing does not run it", async () => {
    await model.juju.writeDatabag(model.relation, database, {
      jobs: JSON.stringify([
        {
          ...wireRequest("foreign"),
          "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" },
          status: "success",
        },
      ]),
    });
    await model.writeJobs([wireRequest("foreign"), wireRequest("next")]);
    expect(backups()).toEqual(["next"]);
    expect(model.report("foreign")).toMatchObject({ phase: "succeeded" });
  });
});

describe("a backup manager's charm", () => {
  /** Does something in the next action of the manager. */
  async function inAction(act: (requirer: Requirer, dispatch: Dispatch) => Promise<unknown>): Promise<void> {
    model.charms.manager = async (dispatch) => {
      if (dispatch.event.kind === "action") await act(new Requirer(dispatch), dispatch);
    };
    expect(await model.act("list-jobs")).toMatchObject({ status: "completed" });
  }

  test("that requests several jobs at once has requested all of them", async () => {
    let ids: readonly string[] = [];
    await inAction(async (requirer) => {
      const asked = Array.from({ length: 5 }, async () => await requirer.requestBackup());
      ids = await Promise.all([...asked, requirer.requestBackup()]);
    });
    expect(requested()).toEqual(ids);
    expect(backups()).toEqual(ids);
  });

  test("that summarises twice says the same", async () => {
    const said: unknown[] = [];
    model.charms.manager = async (dispatch) => {
      const requirer = new Requirer(dispatch);
      said.push(await requirer.reconcile(), await requirer.reconcile());
    };
    await model.updateStatus(manager);
    expect(said.length).toBeGreaterThan(1);
    expect(said[1]).toEqual(said[0]);
  });

  test("whose own requests cannot all be read keeps those, as another version may have written them", async () => {
    const newer = { ...wireRequest("newer"), "storage-interface": "tape", further: { deep: [1] } };
    await model.writeJobs([newer, wireRequest("older")]);
    await inAction(async (requirer) => await requirer.requestBackup());
    expect(requested()).toEqual(["newer", "older", expect.any(String)]);
    const { jobs = "" } = model.juju.databag(model.relation, "manager");
    expect(JSON.parse(jobs)).toContainEqual(newer);
    await inAction(async (requirer) => await requirer.withdraw("older"));
    expect(requested()).toEqual(["newer", expect.any(String)]);
  });

  test.each(["{", "7", "", "[7]"])("whose own requests are %j replaces them by its next", async (jobs) => {
    await model.writeJobs(jobs);
    let id = "";
    await inAction(async (requirer) => {
      id = await requirer.requestBackup();
    });
    expect(requested()).toEqual([id]);
    expect(backups()).toEqual([id]);
  });

  test("that deletes its requests has withdrawn them", async () => {
    const id = await model.requestBackup();
    expect(model.report(id)).toMatchObject({ phase: "succeeded" });
    await inAction(async (_requirer, { juju }) => {
      const [relation = ""] = await juju.relationIds("database-backup");
      await juju.writeApplicationDatabag(relation, { jobs: "" });
    });
    await model.juju.settle();
    expect(model.reports()).toEqual([]);
    expect(backups()).toEqual([id]);
  });
});
