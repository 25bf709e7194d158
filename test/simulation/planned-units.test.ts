import { afterAll, beforeAll, expect, test } from "vitest";
import { ScriptedModel } from "./scripted-model.ts";

let model: ScriptedModel;
beforeAll(async () => {
  model = await ScriptedModel.start(2);
});
afterAll(async () => {
  await model.stop();
});

test("on more than one planned unit without a peer relation every unit is Blocked and says why, and no job starts until one is left", async () => {
  const id = await model.requestBackup();
  await model.juju.settle();
  for (const unit of ["database/0", "database/1"]) {
    expect(model.status(unit)).toEqual({
      name: "blocked",
      message:
        "2 units planned, but the charm has no peer relation for backups; 1 waiting: add the peer endpoint, or remove units",
    });
  }
  expect(await model.calls()).toEqual([]);
  expect(await model.act("show-job", { "job-id": id })).toMatchObject({ phase: "requested" });

  await model.juju.removeUnit("database/1");
  await model.juju.settle();
  await model.juju.updateStatus("database/0");
  await model.jobIn(id, "succeeded");
});
