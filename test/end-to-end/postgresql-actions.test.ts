/**
 * The actions of the PostgreSQL charm on real servers, with a storage of its own that gives its keys first in its databag,
 * then as a secret (s3 v0 and v1).
 */
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SimulatedJuju } from "juju-database-backup/testing";
import type { RepositoryEntry } from "juju-database-backup/postgresql";
import { bucket, deployModel, manager } from "../../examples/demo/model.ts";
import type { Servers } from "../servers/servers.ts";
import { until } from "../simulation/until.ts";
import { startWatchedServers } from "./watched-servers.ts";

const database = "postgresql/0";
const checksum = "select count(*), sum(hashtext(t::text)) from t";
const limitMs = 150_000;
let servers: Servers;
let juju: SimulatedJuju;
let storage: number;

beforeAll(async () => {
  servers = await startWatchedServers();
  await servers.s3.createBucket(bucket);
  ({ juju } = await deployModel(servers));
  storage = await juju.integrate("postgresql:s3-parameters", "s3-integrator:s3-credentials");
  await juju.settle();
  await servers.psql(0, "create table t as select n, md5(n::text) from generate_series(1, 1000) n");
});
afterAll(async () => {
  await juju?.stop();
  await servers?.stop();
});

async function act(name: string, parameters: Record<string, string> = {}): Promise<Record<string, string>> {
  const task = await juju.runAction(database, name, parameters);
  expect(task).toMatchObject({ status: "completed" });
  return task.results;
}

/** What show-job says of a job at its end. */
async function ended(name: string, parameters: Record<string, string> = {}): Promise<Record<string, string>> {
  const { "job-id": id = "" } = await act(name, parameters);
  return await until(
    `${name} ${id} has ended`,
    async () => {
      await juju.settle();
      const shown = await act("show-job", { "job-id": id });
      return shown["status"] === "running" ? undefined : shown;
    },
    limitMs,
  );
}

async function listed(): Promise<readonly RepositoryEntry[]> {
  const { backups = "" } = await act("list-backups", { format: "json" });
  const entries: readonly RepositoryEntry[] = JSON.parse(backups);
  return entries;
}

async function objectKeys(): Promise<readonly string[]> {
  const client = servers.s3.client();
  try {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = "" }) => Key);
  } finally {
    client.destroy();
  }
}

test("a backup is made, listed and restored, and its fence is claimed at the storage", async () => {
  const { backups: none } = await act("list-backups");
  expect(none).toMatch(/No backups\.$/);

  const full = await ended("create-backup");
  expect(full).toMatchObject({ phase: "succeeded", unit: database, timeline: "1" });
  const { backups: table = "" } = await act("list-backups");
  expect(table).toContain(`${full["backup-id"]} | full backup | finished`);
  expect((await objectKeys()).filter((key) => key.includes("fence"))).not.toEqual([]);

  const before = await servers.psql(0, checksum);
  await servers.psql(0, "delete from t where n > 10");
  const restored = await ended("restore", { "backup-id": full["backup-id"] ?? "" });
  expect(restored).toMatchObject({ phase: "succeeded", timeline: "2" });
  expect(await servers.psql(0, checksum)).toBe(before);
  expect(await listed()).toMatchObject([
    { kind: "backup", id: full["backup-id"], state: "finished" },
    { kind: "timeline", timeline: 2 },
  ]);
});

test("a restore that would be rejected now fails at once, and is no job", async () => {
  for (const [wanted, says] of [
    [{ "backup-id": "20200101-000000F" }, "20200101-000000F"],
    [{ "restore-to-time": "2020-01-01T00:00:00Z" }, "2020-01-01T00:00:00"],
  ] as const) {
    const { status, message, results } = await juju.runAction(database, "restore", wanted);
    expect({ status, message }).toEqual({ status: "failed", message: expect.stringContaining(says) });
    expect(results).not.toHaveProperty("job-id");
  }
});

test("what a manager does not want to keep is expired after its backup, and listed", async () => {
  const before = (await listed()).flatMap((entry) => (entry.kind === "backup" ? entry.id : []));
  expect(before).not.toEqual([]);
  const keeping = async (full: number): Promise<Record<string, string>> => {
    const given = { "keep-full": full };
    const { status, results } = await juju.runAction(manager, "create-backup", given);
    expect(status).toBe("completed");
    return await until(
      "the manager's backup has ended",
      async () => {
        await juju.settle();
        const { results: shown } = await juju.runAction(manager, "show-job", {
          "job-id": results["job-id"] ?? "",
        });
        return shown["status"] === "running" ? undefined : shown;
      },
      limitMs,
    );
  };
  expect(await keeping(2)).toMatchObject({ phase: "succeeded" });
  expect((await listed()).filter(({ kind }) => kind === "backup")).toHaveLength(before.length + 1);
  const last = await keeping(1);
  expect(last).toMatchObject({ phase: "succeeded" });
  for (const id of before) expect(last["message"]).toContain(id);
  const left = (await listed()).filter((entry) => entry.kind === "backup");
  expect(left).toMatchObject([{ id: last["backup-id"], state: "finished" }]);
});

test("a storage that gives its keys as a secret is asked for them, and used", async () => {
  expect(juju.databag(storage, "postgresql")).toMatchObject({
    "requested-secrets": '["access-key","secret-key"]',
  });
  const { accessKey, secretKey } = servers.s3.users.admin;
  await juju.configure("s3-integrator", { "access-key": "", "secret-key": "" });
  await juju.settle();
  const refused = await juju.runAction(database, "create-backup");
  expect(refused).toMatchObject({ status: "failed", message: expect.stringContaining("access-key") });

  const gives = [
    `uri=$(secret-add access-key='${accessKey}' secret-key='${secretKey}')`,
    `secret-grant "$uri" -r s3-credentials:${storage}`,
    `relation-set -r s3-credentials:${storage} --app secret-extra="$uri"`,
  ];
  expect(await juju.exec("s3-integrator/0", gives.join(" && "))).toMatchObject({ exitCode: 0 });
  await juju.settle();
  expect(juju.databag(storage, "s3-integrator")).not.toHaveProperty("secret-key");
  const more = await ended("create-backup", { type: "incremental" });
  expect(more).toMatchObject({ phase: "succeeded", timeline: "2" });
  expect((await listed()).at(-1)).toMatchObject({ id: more["backup-id"], type: "incremental" });
});
