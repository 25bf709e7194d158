import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { charmWithDispatch } from "./charm-with-dispatch.ts";
import { ScriptedModel } from "./scripted-model.ts";

let model: ScriptedModel;
beforeAll(async () => {
  model = await ScriptedModel.start(2, async (charm, program, directory) =>
    charm.includes("database") ? await withoutPeers(charm, program, directory) : charm,
  );
});
afterAll(async () => {
  await model.stop();
});

/** The same charm, as it was before it had a peer relation. */
async function withoutPeers(charm: string, program: string, directory: string): Promise<string> {
  const run = `exec node '${resolve(charm, program)}'`;
  const folder = await charmWithDispatch(charm, join(directory, "charm"), run);
  const declaration = join(folder, "charmcraft.yaml");
  const text = await readFile(declaration, "utf8");
  await writeFile(declaration, text.replace(/^peers:\n(?: .*\n)+/m, ""));
  return folder;
}

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
