import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { validateProviderJob } from "../../lib/wire/generated/validators.js";
import { watchedCanaries } from "../canaries/credentials.ts";
import { canariesIn } from "../canaries/forms.ts";
import { database, ScriptedModel } from "./scripted-model.ts";
import { until } from "./until.ts";

let model: ScriptedModel;
beforeAll(async () => {
  model = await ScriptedModel.start();
});
beforeEach(async () => {
  await model.script({});
});
afterAll(async () => {
  await model.stop();
});

async function timesRun(id: string): Promise<number> {
  return (await model.calls()).filter(({ call, job }) => call === "backup" && job === id).length;
}

test("a backup goes from the admin's request to a success that the admin reads", async () => {
  await model.script({
    backups: [
      {
        id: "database-1",
        type: "full",
        finishedAt: "2026-01-02T03:04:05Z",
        sizeBytes: 1024,
        timeline: 1,
        artefactPath: "/database/backup/database/database-1/",
      },
    ],
  });
  const id = await model.requestBackup();
  expect(await model.jobIn(id, "succeeded")).toMatchObject({
    "job-id": id,
    type: "backup",
    status: "success",
    unit: database,
    size: "1.0 KiB",
    "log-path": expect.stringMatching(/^\/database\/database-backup\/database\/database-\d+\/$/),
  });
  const report = await model.reportIn(id, "succeeded");
  expect(validateProviderJob(report)).toBe(true);
  expect((await model.act("list-jobs"))["jobs"]).toContain(id);
  expect((await model.act("list-backups"))["backups"]).toContain("database-1  full  2026-01-02T03:04:05Z");
});

test("log and record of a job are uploaded to the storage of its request", async () => {
  const id = await model.requestBackup();
  const { "backup-id": backup = "" } = await model.jobIn(id, "succeeded");
  const folder = join(model.directory, "store/backups/database/database-backup/database", backup);
  expect((await readdir(folder)).toSorted()).toEqual(["job.json", "job.log"]);
  expect(JSON.parse(await readFile(join(folder, "job.json"), "utf8"))).toMatchObject({
    "job-id": id,
    succeeded: true,
  });
});

test("a job that fails says why and what to do, and the next one runs", async () => {
  const failure = { code: "disk-full", message: "The disk is full.", remedy: "Make room." };
  await model.script({ jobs: { "*": { fail: failure } } });
  const failed = await model.requestBackup();
  expect(await model.jobIn(failed, "failed")).toMatchObject({
    status: "error",
    "error-code": "disk-full",
    message: "The disk is full.",
    remedy: "Make room.",
    "log-path": expect.any(String),
  });
  await model.script({});
  await model.jobIn(await model.requestBackup(), "succeeded");
});

test("a job that the executor refuses is rejected and never run", async () => {
  const refuse = { code: "not-now", message: "Not on a Sunday.", remedy: "Come back on Monday." };
  await model.script({ jobs: { "*": { refuse } } });
  const id = await model.requestBackup();
  expect(await model.jobIn(id, "rejected")).toMatchObject({ status: "error", message: "Not on a Sunday." });
  expect(await timesRun(id)).toBe(0);
});

test("jobs run one at a time, in the order of their requests", async () => {
  await model.script({ jobs: { "*": { waitFor: "go-on" } } });
  const first = await model.requestBackup();
  await model.reportIn(first, "running");
  const second = await model.requestBackup({ type: "incremental" });
  await model.juju.settle();
  expect(model.reports().map((report) => report["job-id"])).not.toContain(second);
  expect(model.status()).toEqual({ name: "maintenance", message: "creating backup" });
  await model.release("go-on");
  await model.jobIn(second, "succeeded");
  const order = (await model.calls()).filter(({ call }) => call === "backup").map(({ job }) => job);
  expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
  await until("the unit is idle", () => (model.status().name === "active" ? true : undefined));
});

test("a worker that dies is found, cleaned up after and reported as lost, and its job is not run again", async () => {
  await model.script({ jobs: { "*": { die: true } } });
  const id = await model.requestBackup();
  await until("the worker has died", async () => ((await timesRun(id)) > 0 ? true : undefined));
  await model.script({});
  await until("the job is reported as lost", async () => {
    await model.juju.updateStatus(database);
    return model.reports().find((report) => report["job-id"] === id && report["phase"] === "lost");
  });
  expect(await model.jobIn(id, "lost")).toMatchObject({ status: "error", "error-code": "worker-lost" });
  await model.jobIn(await model.requestBackup(), "succeeded");
  expect(await timesRun(id)).toBe(1);
  expect((await model.calls()).filter(({ call, job }) => call === "recover" && job === id)).toHaveLength(1);
});

test.each([
  [
    { succeeded: true, backupId: "b", artefactPath: "/b/", recordFolder: "b", timeline: 2, warning: "W." },
    {
      phase: "succeeded",
      status: "success",
      "backup-id": "b",
      timeline: 2,
      message: "It went on without its worker. W.",
    },
  ],
  [
    { succeeded: false, failure: { code: "c", message: "M.", remedy: "R." } },
    { phase: "failed", status: "error", "error-code": "c", message: "M.", remedy: "R." },
  ],
] as const)(
  "a job that came to an end without its worker is reported with that end: %j",
  async (recovers, expected) => {
    await model.script({ jobs: { "*": { die: true, recovers } } });
    const id = await model.requestBackup();
    const report = await until("the job has ended", async () => {
      await model.juju.updateStatus(database);
      return model.reports().find((each) => each["job-id"] === id && each["status"] !== "running");
    });
    expect(report).toMatchObject(expected);
    await model.script({});
  },
);

test("a hook that fails after it started a job does not start it again", async () => {
  await model.script({ jobs: { "*": { waitFor: "after-failure" } } });
  await model.release("fail-once");
  const id = await model.requestBackup();
  await model.reportIn(id, "running");
  await model.release("after-failure");
  await model.jobIn(id, "succeeded");
  expect(await timesRun(id)).toBe(1);
});

test("a unit that is not ready says why, and takes the job up when it is", async () => {
  await model.script({ standing: { ready: false, reason: "PostgreSQL is starting" } });
  const id = await model.requestBackup();
  await model.juju.settle();
  expect(model.status()).toEqual({ name: "waiting", message: "a job waits: PostgreSQL is starting" });
  expect(await model.act("show-job", { "job-id": id })).toMatchObject({
    phase: "waiting",
    position: "1",
    message: "no unit can take it: database/0: PostgreSQL is starting",
  });
  await model.script({});
  await model.juju.updateStatus(database);
  await model.jobIn(id, "succeeded");
});

test("a report goes when its request is seen to be gone, and not while requests cannot be read", async () => {
  const id = await model.requestBackup();
  await model.jobIn(id, "succeeded");
  const { jobs = "" } = model.juju.databag(model.relation, "backup-manager");
  await model.writeJobs("{");
  expect(model.reports().map((report) => report["job-id"])).toContain(id);
  await model.writeJobs([]);
  expect(model.reports()).toEqual([]);
  expect(model.problems()).toEqual([]);

  await model.writeJobs(jobs);
  await model.juju.settle();
  expect(await timesRun(id)).toBe(1);
  await model.writeJobs([]);
});

test("keys appear in the databag of the storage and in a secret, and nowhere else", async () => {
  await model.jobIn(await model.requestBackup(), "succeeded");
  const { jobs = "" } = model.juju.databag(model.relation, "backup-manager");
  expect(jobs).toContain('"job-id"');
  expect(canariesIn(jobs, watchedCanaries())).toEqual([]);
  const scan = await model.scan();
  expect(scan.found).toEqual([]);
  expect(scan.places).toBeGreaterThan(100);
});
