import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { validateRequirerJob } from "../../lib/wire/generated/validators.js";

const manager = "backup-manager/0";
let juju: SimulatedJuju;
let relation: number;
beforeAll(async () => {
  juju = await SimulatedJuju.start();
  await juju.deploy({ charm: "examples/backup-manager-charm", application: "backup-manager" });
  await juju.settle();
});
afterAll(async () => {
  await juju.stop();
});

function status(): unknown {
  const workload = juju.status().applications["backup-manager"]?.units[manager]?.workload;
  return { name: workload?.name, message: workload?.message };
}

async function refusal(action: string, parameters: Record<string, unknown> = {}): Promise<string> {
  const task = await juju.runAction(manager, action, parameters);
  expect(task.status).toBe("failed");
  return task.message;
}

async function results(
  action: string,
  parameters: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const task = await juju.runAction(manager, action, parameters);
  expect(task).toMatchObject({ status: "completed" });
  return task.results;
}

describe.sequential("a backup manager says what it is missing", () => {
  test("a database", async () => {
    expect(status()).toEqual({ name: "blocked", message: "no database related" });
    expect(await refusal("create-backup")).toBe(
      "No database is related to this backup manager. " +
        "Relate one: juju integrate backup-manager:database-backup <database application>.",
    );
    expect(await results("list-jobs")).toMatchObject({ jobs: "No jobs." });
    expect(await refusal("show-job", { "job-id": "nothing" })).toBe(
      "There is no job nothing. Look for it with list-jobs.",
    );
  });

  test("storage", async () => {
    await juju.deploy({ charm: "test/charms/v0-database", application: "mysql" });
    relation = await juju.integrate("backup-manager:database-backup", "mysql:database-backup");
    await juju.settle();
    expect(status()).toEqual({ name: "blocked", message: "no storage related (s3-parameters)" });
    expect(await refusal("create-backup")).toBe(
      "No storage is related to this backup manager. " +
        "Relate one: juju integrate backup-manager:s3-parameters <s3 application>.",
    );
  });

  test("a part of the storage's configuration", async () => {
    await juju.deploy({
      charm: "examples/demo/s3-integrator",
      application: "s3-integrator",
      config: { "access-key": "key" },
    });
    await juju.integrate("backup-manager:s3-parameters", "s3-integrator:s3-credentials");
    await juju.settle();
    expect(status()).toEqual({ name: "blocked", message: "storage incomplete: bucket, secret-key missing" });
    await juju.configure("s3-integrator", { bucket: "backups", "secret-key": "secret" });
    await juju.settle();
    expect(status()).toEqual({ name: "active", message: "" });
  });

  test("what of the storage's configuration cannot be read", async () => {
    const problem = "tls-ca-chain[0] is a number; expected a string.";
    await juju.configure("s3-integrator", { "tls-ca-chain": "[1]" });
    await juju.settle();
    expect(status()).toEqual({ name: "blocked", message: `storage unusable: ${problem}` });
    expect(await refusal("create-backup")).toBe(
      `The storage related as s3-parameters cannot be used: ${problem} Write tls-ca-chain as a JSON list of strings.`,
    );
    await juju.configure("s3-integrator", { "tls-ca-chain": "" });
    await juju.settle();
    expect(status()).toEqual({ name: "active", message: "" });
  });

  test("what the database does not say that it can do", async () => {
    for (const [action, parameters] of [
      ["create-backup", { type: "incremental" }],
      ["restore", { "restore-to-time": "2026-01-02T03:04:05Z" }],
    ] as const) {
      expect(await refusal(action, parameters)).toMatch(
        /^mysql does not say that it can do .* and might ignore it\./,
      );
    }
    expect(await results("list-backups")).toMatchObject({
      backups: expect.stringContaining("mysql publishes no list of backups"),
    });
  });

  test("a restore's target", async () => {
    expect(await refusal("restore")).toBe(
      "A restore needs a backup, a time, or both; neither is given. " +
        "Give backup-id=, as list-backups shows it, or restore-to-time=, for example 2026-01-31T18:00:00Z.",
    );
  });

  test("which of two databases is meant", async () => {
    await juju.deploy({ charm: "test/charms/v0-database", application: "mongodb" });
    await juju.integrate("backup-manager:database-backup", "mongodb:database-backup");
    await juju.settle();
    expect(await refusal("create-backup")).toMatch(
      /^More than one database is meant: mysql \(.*\), mongodb \(.*\)\./,
    );
    expect(await refusal("create-backup", { database: "oracle" })).toBe(
      'No database called "oracle" is related to this backup manager. Name one of: mysql, mongodb.',
    );
  });
});

test("a database charm that knows the published interface alone is understood", async () => {
  const { "job-id": id = "" } = await results("create-backup", { database: "mysql" });
  const { jobs = "" } = juju.databag(relation, "backup-manager");
  const [request]: Record<string, unknown>[] = JSON.parse(jobs);
  expect(validateRequirerJob(request)).toBe(true);

  const echo = { ...request, "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" } };
  await juju.writeDatabag(relation, "mysql/0", { jobs: JSON.stringify([{ ...echo, status: "running" }]) });
  await juju.settle();
  expect(await results("show-job", { "job-id": id })).toMatchObject({ phase: "running", unit: "mysql/0" });

  const error = { ...echo, status: "error", message: "MySQL charm in blocked state" };
  await juju.writeDatabag(relation, "mysql/0", { jobs: JSON.stringify([error]) });
  await juju.settle();
  expect(await results("show-job", { "job-id": id })).toMatchObject({
    phase: "failed",
    status: "error",
    message: "MySQL charm in blocked state",
  });
  expect(status()).toMatchObject({ name: "active" });
});
