/**
 * The keys of storages as Juju secrets, from the backup manager to the database's worker.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SecretReport } from "../../lib/testing/model/secret-report.ts";
import { runAction } from "../../lib/juju/action.ts";
import { managerActions, Requirer } from "../../requirer/index.ts";
import { isConsumersName } from "../../requirer/key-transport.ts";
import { InProcessModel, wireRequest } from "./in-process-model.ts";

let model: InProcessModel;
let storage: number;
beforeEach(async () => {
  model = await InProcessModel.start();
  storage = model.relation - 1;
});
afterEach(async () => {
  await model.stop();
});

function secrets(): readonly SecretReport[] {
  return model.juju.secrets();
}

function newest({ revisions }: SecretReport): Readonly<Record<string, string>> | undefined {
  return Object.values(revisions).at(-1)?.content;
}

function requests(): readonly Record<string, unknown>[] {
  const { jobs = "[]" } = model.juju.databag(model.relation, "manager");
  const written: readonly Record<string, unknown>[] = JSON.parse(jobs);
  return written;
}

async function phaseOf(id: string): Promise<string | undefined> {
  return (await model.act("show-job", { "job-id": id })).results["phase"];
}

describe("the keys of a job's storage", () => {
  test("stand in a secret of the relation while the job is open, and nowhere after it", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    const id = await model.requestBackup();
    const [secret] = secrets();
    expect(secrets()).toHaveLength(1);
    expect(secret).toMatchObject({ owner: "manager", grants: { database: model.relation } });
    expect(secret === undefined ? undefined : newest(secret)).toEqual({
      "access-key": "key",
      "secret-key": "secret",
    });
    expect(requests()).toMatchObject([
      { "secret-extra": secret?.id, "storage-config": { "access-key": "", "secret-key": "" } },
    ]);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await phaseOf(id)).toBe("succeeded");
    expect(secrets()).toEqual([]);
    const [left] = requests();
    expect(requests()).toHaveLength(1);
    expect(left).toMatchObject({ "storage-config": { "access-key": "", "secret-key": "" } });
    expect(left).not.toHaveProperty("secret-extra");
  });

  test("are shared by the open jobs of one storage", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    await model.requestBackup();
    await model.requestBackup();
    expect(secrets()).toHaveLength(1);
  });

  test("may be rotated while a job waits: it begins with the new ones, and the old content goes", async () => {
    model.scripted.script = { standing: { ready: false, reason: "PostgreSQL is starting" } };
    const id = await model.requestBackup();
    await model.juju.writeDatabag(storage, "s3", { "access-key": "new-key", "secret-key": "new-secret" });
    await model.juju.settle();
    const [secret] = secrets();
    expect(secret === undefined ? undefined : newest(secret)).toEqual({
      "access-key": "new-key",
      "secret-key": "new-secret",
    });
    expect(Object.keys(secret?.revisions ?? {})).toHaveLength(1);
    model.scripted.script = {};
    await model.updateStatus();
    expect(await phaseOf(id)).toBe("succeeded");
  });

  test("are put into a secret that a refused hook left behind, and into no second one", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    await model.requestBackup();
    const label = secrets()[0]?.label ?? "";
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(secrets()).toEqual([]);
    const ours = model.charms.manager;
    model.charms.manager = async ({ juju }) => {
      await juju.addSecret(label, { "access-key": "old", "secret-key": "older" });
    };
    await model.updateStatus("manager/0");
    model.charms.manager = ours;
    const [left] = secrets();
    model.scripted.script = { jobs: { "*": { waitFor: "another disk" } } };
    await model.requestBackup();
    const [used] = secrets();
    expect(secrets()).toHaveLength(1);
    expect(used?.id).toBe(left?.id);
    expect(used === undefined ? undefined : newest(used)).toEqual({
      "access-key": "key",
      "secret-key": "secret",
    });
  });

  test("go with the relation", async () => {
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    const id = await model.requestBackup();
    await model.juju.removeRelation("manager:database-backup", "database:database-backup");
    await model.juju.settle();
    await model.updateStatus("manager/0");
    expect(secrets()).toEqual([]);
    expect(await phaseOf(id)).toBe("lost");
  });
});

describe("a database in another model", () => {
  test("that offers the relation is sent the keys in plain text, since Juju lets the manager grant it no secret", async () => {
    await model.juju.removeRelation("manager:database-backup", "database:database-backup");
    await model.juju.settle();
    const across = await model.juju.integrate("manager:database-backup", "database:database-backup", {
      offeredBy: "database",
    });
    await model.juju.settle();
    model.scripted.script = { jobs: { "*": { waitFor: "the disk" } } };
    const id = await model.requestBackup();
    expect(secrets()).toEqual([]);
    const { jobs = "" } = model.juju.databag(across, "manager");
    expect(JSON.parse(jobs)).toMatchObject([
      { "storage-config": { "access-key": "key", "secret-key": "secret" } },
    ]);
    expect(model.status("manager/0").message).toBe("1 running, storage keys in plain text for database");
    const { databases = "" } = (await model.act("list-databases")).results;
    expect(databases).toMatch(/^database .* plain text$/m);
    model.scripted.release("the disk");
    await model.juju.settle();
    expect(await phaseOf(id)).toBe("succeeded");
    expect(model.juju.databag(across, "manager")["jobs"]).not.toContain('"access-key":"key"');
  });

  test.each([
    ["remote-0123456789abcdef0123456789abcdef", true],
    ["remote-01234567-89ab-cdef-0123-456789abcdef", true],
    ["postgresql", false],
    ["remote-postgresql", false],
  ])("that Juju calls %s consumes the relation: %j", (name, consumes) => {
    expect(isConsumersName(name)).toBe(consumes);
  });
});

describe("a database", () => {
  test("is sent the keys in plain text where the charm wants that, and is listed so", async () => {
    const options = { credentials: "plain" } as const;
    model.charms.manager = async (dispatch) => {
      const requirer = new Requirer({ ...dispatch, ...options });
      const { event, juju } = dispatch;
      if (event.kind === "action") await runAction(juju, event.name, managerActions(requirer));
      await juju.setStatus(await requirer.reconcile());
    };
    await model.requestBackup();
    expect(secrets()).toEqual([]);
    const { databases = "" } = (await model.act("list-databases")).results;
    expect(databases).toMatch(/^database .* plain text$/m);
  });

  test("lets a job wait whose secret it cannot read, says why, and runs the others", async () => {
    const request = wireRequest("ungranted", {
      "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" },
      "secret-extra": "secret:d4f2k8vmp25c7612lk10",
    });
    await model.writeJobs([request, wireRequest("other")]);
    expect(model.reports()).toMatchObject([{ "job-id": "other", phase: "succeeded" }]);
    expect(JSON.parse(model.juju.databag(model.relation, "database")["queue"] ?? "[]")).toMatchObject([
      { "job-id": "ungranted", reason: expect.stringContaining("cannot be read yet") },
    ]);
    await model.writeJobs([{ ...request, cancel: true }]);
    expect(model.report("ungranted")).toMatchObject({ phase: "cancelled" });
  });

  test("that takes no secrets is sent the keys in plain text, and the status says so", async () => {
    model.charms.database = async () => {};
    await model.juju.writeDatabag(model.relation, "database", { features: "" });
    await model.juju.settle();
    await model.requestBackup();
    expect(secrets()).toEqual([]);
    expect(requests()).toMatchObject([{ "storage-config": { "access-key": "key", "secret-key": "secret" } }]);
    expect(model.status("manager/0").message).toBe("1 waiting, storage keys in plain text for database");
    await model.juju.writeDatabag(storage, "s3", { "access-key": "new-key", "secret-key": "new-secret" });
    await model.juju.settle();
    expect(requests()).toMatchObject([
      { "storage-config": { "access-key": "new-key", "secret-key": "new-secret" } },
    ]);
    const jobs = requests().map((request) => ({
      ...request,
      "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" },
      status: "success",
    }));
    await model.juju.writeDatabag(model.relation, "database/0", { jobs: JSON.stringify(jobs) });
    await model.juju.settle();
    expect(JSON.stringify(requests())).not.toContain("new-");
    expect(requests()).toHaveLength(1);
  });
});
