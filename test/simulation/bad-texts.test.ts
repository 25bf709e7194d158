import { afterEach, beforeEach, expect, test } from "vitest";
import { HookTools } from "../../lib/juju/index.ts";
import { database, InProcessModel, manager, wireRequest } from "./in-process-model.ts";

const nasty = "\u001b[2J\u001b]0;owned\u0007\r\nERROR forged\u009b31m\u202e\u2028\ud800😀";
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

function expectPrintable(lines: readonly string[]): void {
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).not.toMatch(unprintable);
}

function said(): readonly string[] {
  return [
    ...model.juju.log().map(({ message }) => message),
    model.status().message,
    model.status(manager).message,
  ];
}

test("what a manager writes is text and nothing more in the database's log, status and reports", async () => {
  await model.writeJobs([
    wireRequest(`good ${nasty}`),
    wireRequest(`bad ${nasty}`, { "job-type": nasty, "backup-type": nasty }),
    { ...wireRequest("x"), "job-id": 7, [nasty]: nasty },
    wireRequest(`good ${nasty}`),
  ]);
  expect(model.reports().map((report) => [report["job-id"], report["phase"]])).toEqual([
    [`good ${nasty}`, "succeeded"],
    [`bad ${nasty}`, "rejected"],
  ]);
  expectPrintable(said());
  expect(said().join("\n")).toContain("good \\u001b[2J");
  expectPrintable(model.problems().flatMap(({ field, message, remedy }) => [field, message, remedy]));
});

test("what a database writes is text and nothing more in the manager's status, tables and actions", async () => {
  const report = {
    ...wireRequest(`job ${nasty}`),
    "storage-config": { bucket: nasty, "access-key": "", "secret-key": "", path: nasty },
    status: "error",
  };
  for (const field of ["message", "remedy", "error-code", "artefact-path", "log-path", "backup-id"]) {
    Object.assign(report, { [field]: nasty });
  }
  await model.juju.writeDatabag(model.relation, database, { jobs: JSON.stringify([report]) });
  const backup = { "backup-id": nasty, type: "full", "finished-at": "2026-01-02T03:04:05Z", "size-bytes": 1 };
  await model.juju.writeDatabag(model.relation, "database", {
    problems: JSON.stringify([{ field: nasty, message: nasty, remedy: nasty }]),
    backups: JSON.stringify([{ ...backup, timeline: 1, "artefact-path": nasty }]),
  });
  // Not settled: the database would put its own databags right.
  const results = await Promise.all([
    model.juju.runAction(manager, "list-jobs"),
    model.juju.runAction(manager, "list-backups"),
    model.juju.runAction(manager, "show-job", { "job-id": `job ${nasty}` }),
    model.juju.runAction(manager, "show-job", { "job-id": nasty }),
    model.juju.runAction(manager, "create-backup", { database: nasty }),
  ]);
  const [jobs, backups, shown, unknown, refused] = results;
  expect(jobs?.results["jobs"]).toContain("tells of a job that is not in the history");
  expect(backups?.results["backups"]).toContain("ERROR forged");
  expect(shown?.results["message"]).toContain("\\u001b[2J");
  expect([unknown?.status, refused?.status]).toEqual(["failed", "failed"]);
  const texts = results.flatMap(({ message, results: values }) => [message, ...Object.values(values)]);
  expectPrintable(texts.flatMap((text) => text.split("\n")));
  expectPrintable(said());
  await model.juju.settle();
});

test("what a charm of its own logs or sets is escaped too, and as long as an argument can be", async () => {
  const calls: string[] = [];
  const juju = new HookTools({
    environment: { JUJU_UNIT_NAME: "database/0", JUJU_MODEL_UUID: "1" },
    runTool: async (_tool, args) => {
      calls.push(args.at(-1) ?? "");
      return { exitCode: 0, signal: undefined, stdout: "", stderr: "", said: "exited with code 0" };
    },
  });
  for (const text of [nasty, "😀".repeat(100_000), `x${"é".repeat(100_000)}`]) {
    await juju.log("INFO", text);
    await juju.setStatus({ name: "active", message: text });
    await juju.logAction(text);
    await juju.failAction(text);
    await juju.setActionResults({ text });
  }
  expect(calls).toHaveLength(15);
  expectPrintable(calls.flatMap((call) => call.split("\n")));
  for (const call of calls) expect(Buffer.byteLength(call)).toBeLessThan(128 * 1024);
  expect(calls.join("")).not.toContain("\ufffd");
});
