import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { SimulatedJuju } from "juju-database-backup/testing";
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { run } from "../../lib/process/run.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";
import { bucket, deployModel, manager } from "../../examples/demo/model.ts";
import type { Keys } from "../canaries/credentials.ts";
import { CanaryScan } from "../canaries/scan.ts";
import { ExecTrace } from "../canaries/exec-trace.ts";
import { scanModel } from "../canaries/model-scan.ts";
import type { Servers } from "../servers/servers.ts";
import { userOfThePolicy } from "./policy-user.ts";
import { startWatchedServers } from "./watched-servers.ts";
import { until } from "../simulation/until.ts";

const checksum = "select count(*), sum(hashtext(t::text)) from t";
let servers: Servers;
let trace: ExecTrace;
let juju: SimulatedJuju;
let relation: number;
let keys: Keys;
const results: unknown[] = [];

beforeAll(async () => {
  servers = await startWatchedServers();
  await servers.s3.createBucket(bucket);
  trace = await ExecTrace.in(join(servers.directory, "exec-trace"));
  ({ juju, relation } = await deployModel(servers, {}, async (charm) => await trace.charm(charm)));
  await juju.settle();
  // Whatever the charms do, they may do no more than the page says.
  keys = await userOfThePolicy(servers, bucket);
  await juju.configure("s3-integrator", { "access-key": keys.accessKey, "secret-key": keys.secretKey });
  await juju.settle();
  await servers.psql(0, "create table t as select n, md5(n::text) from generate_series(1, 1000) n");
});
afterAll(async () => {
  const scan = new CanaryScan();
  scanModel(scan, juju, isPlainText);
  scan.value("results of actions", results);
  await juju?.stop();
  await servers?.stop();
  expect(scan.found).toEqual([]);
});

function isPlainText(owner: string, key: string): boolean {
  return (
    (owner === "backup-manager" && key === "jobs") || (owner === "s3-integrator" && key.endsWith("-key"))
  );
}

interface Report {
  readonly "job-id": string;
  readonly status: string;
  readonly phase: string;
}
type Parameters = Record<string, string | boolean>;

async function act(action: string, parameters: Parameters = {}): Promise<Record<string, string>> {
  const task = await juju.runAction(manager, action, parameters);
  expect(task).toMatchObject({ status: "completed" });
  results.push(task);
  return task.results;
}

/** What stands of a job in the database's unit databag. */
function reportOf(id: string): Report | undefined {
  const { jobs = "[]" } = juju.databag(relation, "postgresql/0");
  const reports: readonly Report[] = JSON.parse(jobs);
  return reports.find((report) => report["job-id"] === id);
}

/** Requests a job and gives what show-job says of it at its end. */
async function job(action: string, parameters: Parameters = {}): Promise<Record<string, string>> {
  const { "job-id": id = "" } = await act(action, parameters);
  const ended = (): boolean | undefined => (reportOf(id)?.status ?? "running") !== "running" || undefined;
  await until(`job ${id} has ended`, ended, 150_000);
  await juju.settle();
  return await act("show-job", { "job-id": id });
}

function expectRejection(result: Record<string, string>, code: string, message: RegExp): void {
  expect(result).toMatchObject({
    phase: "rejected",
    status: "error",
    "error-code": code,
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(/\.$/),
  });
  expect(result["message"]).not.toContain("\n");
}

async function objectsBelow(path: string): Promise<number> {
  const prefix = path.replace(/^\//, "");
  const client = servers.s3.client();
  try {
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return KeyCount ?? 0;
  } finally {
    client.destroy();
  }
}

test("the first backup is refused by a bucket that does not exist, which decides nothing", async () => {
  await juju.configure("s3-integrator", { bucket: "nowhere" });
  await juju.settle();
  expectRejection(await job("create-backup"), "storage-bucket-missing", /"nowhere"/);
  await juju.configure("s3-integrator", { bucket });
  await juju.settle();
});

test("each type of backup ends in the bucket, compressed or not, and is listed", async () => {
  const made: string[] = [];
  for (const parameters of [
    { type: "full" },
    { type: "differential", compression: false },
    { type: "incremental" },
  ]) {
    const result = await job("create-backup", parameters);
    expect(result).toMatchObject({ phase: "succeeded", "backup-type": parameters.type, timeline: "1" });
    expect(await objectsBelow(result["artefact-path"] ?? "?")).toBeGreaterThan(0);
    expect(await objectsBelow(result["log-path"] ?? "?")).toBe(2);
    made.push(result["backup-id"] ?? "");
  }
  const { backups = "" } = await act("list-backups");
  for (const id of made) expect(backups).toContain(id);
});

describe("what cannot work is one clear line, changes nothing, and is over with the next good job", () => {
  let before: string;
  beforeAll(async () => {
    before = await servers.psql(0, checksum);
  });
  afterEach(async () => {
    expect(await servers.psql(0, checksum)).toBe(before);
    const { endpoint } = servers.s3;
    await juju.configure("s3-integrator", { bucket, endpoint, "secret-key": keys.secretKey });
    await juju.settle();
    expect(await job("create-backup", { type: "incremental" })).toMatchObject({ phase: "succeeded" });
    expect(juju.status().applications["postgresql"]?.units["postgresql/0"]?.workload).toMatchObject({
      name: "active",
      message: "",
    });
  });

  test("an S3 server that is down", async () => {
    await servers.s3.stop();
    const result = await job("create-backup");
    await servers.s3.start();
    expectRejection(result, "storage-unreachable", /localhost/);
  });

  test.each([
    [
      "a backup that does not exist",
      { "backup-id": "20200101-000000F" },
      "restore-backup-unknown",
      /20200101-000000F/,
    ],
    [
      "a time before the first backup",
      { "restore-to-time": "2020-01-01T00:00:00Z" },
      "restore-time-too-early",
      /2020-01-01/,
    ],
  ])("a restore of %s", async (_, parameters, code, message) => {
    expectRejection(await job("restore", { ...parameters, confirm: "postgresql" }), code, message);
  });

  test("a time that is none is refused by the action already", async () => {
    const task = await juju.runAction(manager, "restore", { "restore-to-time": "2026-01-02 03:04" });
    expect(task).toMatchObject({ status: "failed", message: expect.stringContaining("restore-to-time") });
  });
});

test("a worker that is killed in mid-backup is cleaned up after, and the next backup succeeds", async () => {
  const { "job-id": id = "" } = await act("create-backup");
  const state = new StateDirectory(join(servers.directory, "state/postgresql-0"), nodeMachine);
  // The report comes by a hook, which may be late for so small a database; the journal knows at once.
  const pid = await until("the backup runs", async () => {
    const entry = [...(await state.open()).entries.values()].find((each) => each.job === id);
    return entry?.progress.phase === "running" ? entry.process?.pid : undefined;
  });
  process.kill(pid, "SIGKILL");
  await until(
    "the job is found to be lost",
    async () => {
      await juju.updateStatus("postgresql/0");
      return reportOf(id)?.phase === "lost" || undefined;
    },
    150_000,
  );
  await juju.settle();
  expect(await act("show-job", { "job-id": id })).toMatchObject({
    status: "error",
    "error-code": "worker-lost",
  });
  expect(await job("create-backup")).toMatchObject({ phase: "succeeded" });
});

test("a restore of a backup brings back the rows of its time, and no program is given a key", async () => {
  await trace.on();
  const before = await servers.psql(0, checksum);
  const backup = await job("create-backup");
  await servers.psql(0, "delete from t");
  const restore = await job("restore", {
    "backup-id": backup["artefact-path"] ?? "",
    confirm: "postgresql",
  });
  expect(restore).toMatchObject({ phase: "succeeded", timeline: "2", "backup-id": backup["backup-id"] });
  expect(await servers.psql(0, checksum)).toBe(before);
  expect(await job("create-backup", { type: "differential" })).toMatchObject({
    phase: "succeeded",
    timeline: "2",
  });
  await trace.off();

  const traced = (await trace.lines()).join("\n");
  for (const program of [
    /worker-main\.js/,
    /pgbackrest".*"backup"/,
    /pgbackrest".*"restore"/,
    /pgbackrest".*"archive-push"/,
    /relation-set/,
    /juju-exec/,
    /psql/,
    /patroni/,
    /PGPORT|PATH=/,
  ]) {
    expect(traced).toMatch(program);
  }
  const scan = new CanaryScan();
  await trace.scan(scan);
  expect(scan.found).toEqual([]);
});

test("a client is given a database, and the passwords are those of the application's secrets", async () => {
  await juju.deploy({
    application: "shop",
    charm: "test/charms/database-client",
    inProcess: async () => undefined,
  });
  const client = await juju.integrate("shop:database", "postgresql:database");
  await juju.writeDatabag(client, "shop", { database: "shop", "requested-secrets": '["password"]' });
  await juju.settle();
  const [node] = servers.nodes;
  const address = `127.0.0.1:${node?.postgresql.port ?? 0}`;
  const secretOf = (label: string): Readonly<Record<string, string>> =>
    Object.values(juju.secrets().find((each) => each.label === label)?.revisions ?? {})[0]?.content ?? {};
  expect(juju.databag(client, "postgresql")).toEqual({
    database: "shop",
    endpoints: address,
    "read-only-endpoints": address,
    "secret-user": expect.stringMatching(/^secret:/),
    version: node?.postgresql.version,
  });
  const { username = "", password = "" } = secretOf(`database.${client}.user.secret`);
  const { "superuser-password": superuser = "" } = secretOf("database-peers.passwords");
  for (const [user, itsPassword, database] of [
    [username, password, "shop"],
    ["postgres", superuser, "postgres"],
  ] as const) {
    const shown = await run(["psql", `postgresql://${user}@${address}/${database}`, "-Atc", "select 1"], {
      env: { PATH: process.env["PATH"], PGPASSWORD: itsPassword },
    });
    expect(shown).toMatchObject({ exitCode: 0, stdout: "1\n" });
  }
});
