import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { validateProviderJob } from "../../lib/wire/generated/validators.js";
import { foreignManager, keys, ScriptedModel } from "./scripted-model.ts";

let model: ScriptedModel;
beforeAll(async () => {
  model = await ScriptedModel.start(1, foreignManager);
});
afterEach(async () => {
  await model.writeJobs([]);
});
afterAll(async () => {
  await model.stop();
});

const storage = { bucket: "backups", "access-key": keys.accessKey, "secret-key": keys.secretKey };
let made = 0;

function request(changes: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1;
  return {
    "job-id": `job-${made}`,
    "job-type": "backup",
    "job-config": { compression: true },
    "storage-interface": "s3",
    "storage-config": storage,
    ...changes,
  };
}

function without(job: Record<string, unknown>, field: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(job).filter(([key]) => key !== field));
}

/** The unit is usable: a good job that comes next succeeds. */
async function nextJobRuns(): Promise<void> {
  const good = request();
  await model.writeJobs([good]);
  await model.reportIn(String(good["job-id"]), "succeeded");
}

describe("what cannot be tied to a job goes to problems, the status and the log", () => {
  test.each([
    ["no JSON", "[{]", "jobs", /^jobs is not JSON: at line 1, column 3/],
    ["no array", '{"job-id": "a"}', "jobs", /^jobs holds an object; expected a list/],
    ["a job without an id", JSON.stringify([without(request(), "job-id")]), "jobs[0].job-id", /missing/],
    ["a job with an empty id", JSON.stringify([request({ "job-id": "" })]), "jobs[0].job-id", /empty/],
  ])("%s", async (_, jobs, field, message) => {
    await model.writeJobs(jobs);
    expect(model.problems()).toEqual([
      { field, message: expect.stringMatching(message), remedy: expect.stringMatching(/\.$/) },
    ]);
    const [problem] = model.problems();
    expect(model.status()).toEqual({
      name: "active",
      message: `unusable request from backup-manager (database-backup:${model.relation}): ${problem?.message}`,
    });
    expect(model.juju.log().some((line) => line.message.includes(problem?.message ?? "?"))).toBe(true);
    expect(model.reports()).toEqual([]);
    await nextJobRuns();
    expect(model.problems()).toEqual([]);
    expect(model.status()).toEqual({ name: "active", message: "" });
  });

  test("two jobs with one id: the first counts, the second is named", async () => {
    const first = request();
    await model.writeJobs([
      first,
      request({ "job-id": first["job-id"], "job-type": "restore", "artefact-path": "x" }),
    ]);
    await model.reportIn(String(first["job-id"]), "succeeded");
    expect(model.reports()).toHaveLength(1);
    expect(model.problems()).toEqual([
      expect.objectContaining({
        field: "jobs[1].job-id",
        message: expect.stringContaining(String(first["job-id"])),
      }),
    ]);
    await nextJobRuns();
  });
});

describe("a bad job is reported as rejected, and the good ones beside it run", () => {
  test.each([
    [
      "an unknown job type",
      { "job-type": "clone" },
      "job-type-unknown",
      /jobs\[1\]\.job-type.*"clone".*backup.*restore/,
    ],
    [
      "an unknown storage interface",
      { "storage-interface": "azure" },
      "storage-interface-unknown",
      /"azure".*s3/,
    ],
    [
      "a restore that names nothing",
      { "job-type": "restore" },
      "restore-target-missing",
      /artefact-path.*restore-to-time/,
    ],
    [
      "a time that is none",
      { "job-type": "restore", "restore-to-time": "yesterday" },
      "restore-time-invalid",
      /restore-to-time.*"yesterday"/,
    ],
    [
      "a time without an offset",
      { "job-type": "restore", "restore-to-time": "2026-01-02T03:04:05" },
      "restore-time-invalid",
      /restore-to-time.*2026-01-02T03:04:05/,
    ],
    [
      "storage without credentials",
      { "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" } },
      "credentials-missing",
      /jobs\[1\]\.storage-config\.access-key and jobs\[1\]\.storage-config\.secret-key are empty/,
    ],
    ["no storage", { "storage-config": null }, "request-invalid", /jobs\[1\]\.storage-config/],
    ["a bad backup type", { "backup-type": "fuller" }, "request-invalid", /backup-type.*"fuller"/],
    [
      "a misspelt setting",
      { "job-config": { compression: true, compresion: 1 } },
      "request-invalid",
      /compresion/,
    ],
  ])("%s", async (_, changes, code, message) => {
    const good = request();
    const bad = request(changes);
    await model.writeJobs([good, bad]);
    await model.reportIn(String(good["job-id"]), "succeeded");
    const report = await model.reportIn(String(bad["job-id"]), "rejected");
    expect(report).toMatchObject({
      status: "error",
      "error-code": code,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/\.$/),
    });
    expect(validateProviderJob(report)).toBe(true);
    expect(JSON.stringify(model.reports())).not.toContain(keys.secretKey);
    await nextJobRuns();
  });
});

test("a field of the storage that nobody knows is named beside the job's success, without what it says", async () => {
  const job = request({ "storage-config": { ...storage, proxy: "https://admin:hunter2@proxy.example" } });
  await model.writeJobs([job]);
  const report = await model.reportIn(String(job["job-id"]), "succeeded");
  expect(report).toMatchObject({
    status: "success",
    message: "storage-config.proxy is ignored: the interface s3 has no such field.",
  });
  expect(JSON.stringify(report)).not.toContain("hunter2");
});
