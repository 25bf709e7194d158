import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucket } from "../../examples/demo/model.ts";
import type { Servers } from "../servers/servers.ts";
import { isAlive } from "../simulation/processes-model.ts";
import { until } from "../simulation/until.ts";
import { PostgresqlModel, unit } from "./postgresql-model.ts";
import { startWatchedServers } from "./watched-servers.ts";

const other = "other-manager";
let servers: Servers;
let model: PostgresqlModel;

beforeAll(async () => {
  servers = await startWatchedServers();
  await servers.s3.createBucket(bucket);
  await servers.psql(
    0,
    "create table t as select n, md5(n::text) as word, repeat('x', 100) from generate_series(1, 300000) n",
  );
  model = await PostgresqlModel.start(servers, ["manager", other]);
});
afterAll(async () => {
  await model?.juju.stop();
  await servers?.stop();
});

/** Whether PostgreSQL takes writes, and nobody has stopped its clients from coming. */
async function takesWrites(): Promise<void> {
  await servers.psql(0, "insert into t values (0, 'written', '')");
}

async function atWork(id: string): Promise<number> {
  await model.request(id);
  return await model.worker(id);
}

async function expectSuccess(id: string): Promise<void> {
  await model.request(id);
  expect(await model.reported(id, "succeeded")).toMatchObject({ status: "success" });
  await takesWrites();
}

test("two managers that ask at once for a job of the same id are both served, with a backup each", async () => {
  await Promise.all([model.request("job"), model.request("job", {}, other)]);
  const backups = [await model.reported("job", "succeeded"), await model.reported("job", "succeeded", other)];
  expect(new Set(backups.map((report) => report["backup-id"])).size).toBe(2);
});

test("leadership that goes and comes back in mid-job changes nothing for the job", async () => {
  await atWork("leaders");
  await model.juju.removeLeader("database");
  await model.juju.updateStatus(unit);
  await model.juju.settle();
  await model.juju.setLeader(unit);
  expect(await model.reported("leaders", "succeeded")).toMatchObject({ status: "success" });
});

test("an agent that restarts in mid-job finds the job", async () => {
  await atWork("agent");
  await model.juju.restartAgent(unit);
  expect(await model.reported("agent", "succeeded")).toMatchObject({ status: "success" });
});

test("a worker that is killed leaves nothing that stands in the next one's way", async () => {
  const worker = await atWork("killed");
  process.kill(worker, "SIGKILL");
  expect(await model.reported("killed", "lost")).toMatchObject({ "error-code": "worker-lost" });
  await expectSuccess("after-killed");
});

describe.each(["die-before-writes", "die-after-writes"] as const)(
  "a dispatch that is killed (%s)",
  (killed) => {
    test("by the request that it was to serve loses nothing", async () => {
      await model.tell(killed);
      await expectSuccess(killed);
    });

    test("in mid-job neither stops nor repeats the job", async () => {
      const id = `${killed}-at-work`;
      const worker = await atWork(id);
      await model.tell(killed);
      await model.juju.updateStatus(unit);
      await model.juju.settle({ allowErrors: true });
      const { "backup-id": backup } = await model.reported(id, "succeeded");
      expect(isAlive(worker)).toBe(false);
      await expectSuccess(`${id}-next`);
      expect(model.reports(id)[unit]?.["backup-id"]).toBe(backup);
    });
  },
);

test("a unit that is removed in mid-backup leaves a database that takes writes, and no process", async () => {
  const worker = await atWork("removed");
  await model.juju.removeUnit(unit);
  await until("the worker is gone", () => !isAlive(worker) || undefined);
  await model.juju.settle();
  expect(model.units).toEqual([]);
  await takesWrites();
});
