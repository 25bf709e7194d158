import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SimulatedJuju, type CharmFunction, type HookFault } from "../../lib/testing/index.ts";

const folder = "test/charms/v0-database";

/** Deploys a charm whose relation-changed fails once in some way, and tells what its hooks did and what came of it. */
async function withFault(fault: HookFault): Promise<{ readonly ran: number; readonly written: string }> {
  let left: HookFault | undefined;
  let ran = 0;
  const charm: CharmFunction = async ({ juju }) => {
    const [relation] = await juju.relationIds("database-backup");
    if (relation === undefined || left === undefined) return;
    ran += 1;
    await juju.writeUnitDatabag(relation, { written: "yes" });
  };
  const model = await SimulatedJuju.start({
    automaticallyRetryHooks: false,
    failHook: (_, hook) => (hook === "database-backup-relation-changed" ? left : undefined),
  });
  try {
    await model.deploy({ application: "database", charm: folder, inProcess: charm });
    await model.deploy({
      application: "manager",
      charm: "examples/backup-manager-charm",
      inProcess: async () => undefined,
    });
    const relation = await model.integrate("manager:database-backup", "database:database-backup");
    await model.settle();
    left = fault;
    await model.writeDatabag(relation, "manager", { jobs: "[]" });
    await model.settle({ allowErrors: true });
    expect(model.hooksRun().at(-1)).toMatchObject({
      operation: "database-backup-relation-changed",
      exitCode: 137,
    });
    expect(model.status().applications["database"]?.units["database/0"]?.agent.name).toBe("error");
    return { ran, written: model.databag(relation, "database/0")["written"] ?? "" };
  } finally {
    await model.stop();
  }
}

test("a hook that is to fail unrun does not run its charm", async () => {
  expect(await withFault("unrun")).toEqual({ ran: 0, written: "" });
});

test("a hook that is to be dropped runs its charm, and what that wrote is gone", async () => {
  expect(await withFault("dropped")).toEqual({ ran: 1, written: "" });
});

test("whoever asks is told of each change of the model, after it", async () => {
  const seen: string[] = [];
  let relation: number | undefined;
  const model: SimulatedJuju = await SimulatedJuju.start({
    onChange: () => {
      if (relation !== undefined) seen.push(model.databag(relation, "manager")["jobs"] ?? "");
    },
  });
  try {
    await model.deploy({ application: "database", charm: folder, inProcess: async () => undefined });
    await model.deploy({
      application: "manager",
      charm: "examples/backup-manager-charm",
      inProcess: async () => undefined,
    });
    relation = await model.integrate("manager:database-backup", "database:database-backup");
    await model.writeDatabag(relation, "manager", { jobs: "[]" });
    expect(seen.at(-1)).toBe("[]");
  } finally {
    await model.stop();
  }
});

test("a program in a preceding folder stands in for the system's", async () => {
  const directory = await mkdtemp(join(tmpdir(), "preceding-"));
  await writeFile(join(directory, "hostname"), "#!/bin/sh\necho stand-in\n");
  await chmod(join(directory, "hostname"), 0o755);
  const model = await SimulatedJuju.start({ precedingPath: [directory] });
  try {
    await model.deploy({ application: "database", charm: folder });
    await model.settle();
    expect(await model.exec("database/0", "hostname; command -v relation-get")).toMatchObject({
      stdout: expect.stringMatching(/^stand-in\n.*\/tools\/relation-get\n$/),
    });
  } finally {
    await model.stop();
    await rm(directory, { recursive: true });
  }
});
