import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { database, InProcessModel, manager, wireRequest } from "./in-process-model.ts";

const jobs = 50_000;
let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
});
afterEach(async () => {
  await model.stop();
});

function idOf(index: number): string {
  return `job-${String(index).padStart(6, "0")}`;
}

function loggedBy(unit: string): readonly string[] {
  return model.juju
    .log()
    .filter((line) => line.unit === unit)
    .map(({ message }) => message);
}

describe("a database that is asked for 50,000 jobs at once", () => {
  test("takes up the first, keeps the order of all, and rejects what is bad among them", async () => {
    const bad = new Set([1, 25_000, jobs - 1]);
    const requests = Array.from({ length: jobs }, (_, index) =>
      wireRequest(idOf(index), { ...(bad.has(index) ? { "job-type": "clone" } : {}), note: "x".repeat(120) }),
    );
    expect(JSON.stringify(requests).length).toBeGreaterThan(15_000_000);
    model.scripted.script = { jobs: { "*": { waitFor: "nothing" }, [idOf(0)]: {} } };
    await model.writeJobs(requests);
    const phases = model.reports().map((report) => [report["job-id"], report["phase"]]);
    expect(phases).toEqual([
      [idOf(0), "succeeded"],
      [idOf(2), "running"],
      ...[...bad].map((index) => [idOf(index), "rejected"]),
    ]);
    expect(model.status()).toEqual({ name: "maintenance", message: "creating backup" });
    // Of so many the order of the first thousand is noted, and the others follow as they stand.
    const peers = model.juju.databag(
      model.juju.peerRelation("database", "database-backup-peers"),
      "database",
    );
    expect(Object.keys(peers).filter((key) => key.startsWith("ticket-"))).toHaveLength(1_000);
  });

  test("and cannot run one of them reports what a databag can hold, counts the others, and stays usable", async () => {
    const good = wireRequest("good");
    const requests = Array.from({ length: jobs }, (_, index) =>
      wireRequest(idOf(index), { "job-type": "clone" }),
    );
    const before = loggedBy(database).length;
    await model.writeJobs([...requests, good]);
    expect(model.report("good")).toMatchObject({ phase: "succeeded" });
    expect(model.reports().filter((report) => report["phase"] === "rejected")).toHaveLength(1_000);
    expect(model.problems()).toEqual([
      expect.objectContaining({
        field: "jobs",
        message: `jobs has ${jobs - 1_000} more jobs that cannot be run, too many to report each.`,
      }),
    ]);
    const lines = loggedBy(database).slice(before);
    expect(lines.length).toBeLessThan(60);
    expect(lines.some((line) => line.includes("980 more jobs"))).toBe(true);
    await model.writeJobs([good]);
    expect(model.reports()).toHaveLength(1);
    expect(model.problems()).toEqual([]);
  });

  test("without an id says what is wrong with the first of them", async () => {
    await model.writeJobs(`[${Array(jobs).fill("{}").join(",")}]`);
    expect(model.problems()).toHaveLength(21);
    expect(model.problems().at(-1)?.message).toBe(
      `jobs has ${jobs - 20} more problems, which are not listed.`,
    );
    await model.writeJobs([wireRequest("good")]);
    expect(model.report("good")).toMatchObject({ phase: "succeeded" });
  });
});

describe("a backup manager that faces 16 MB", () => {
  const report = (index: number): Record<string, unknown> => ({
    ...wireRequest(idOf(index)),
    "storage-config": { bucket: "backups", "access-key": "", "secret-key": "" },
    status: "error",
    message: "m".repeat(80),
  });

  test("of reports that nobody asked for says so, and requests what is asked of it", async () => {
    const reports = Array.from({ length: jobs }, (_, index) => report(index));
    await model.juju.writeDatabag(model.relation, database, { jobs: JSON.stringify(reports) });
    await model.updateStatus(manager);
    expect(model.status(manager).name).toBe("active");
    const { jobs: table = "" } = (await model.act("list-jobs")).results;
    expect(table).toContain(`database/0 tells of ${jobs} jobs that are not in the history`);
    expect((await model.act("show-job", { "job-id": idOf(7) })).results).toMatchObject({ phase: "failed" });
    const id = await model.requestBackup();
    expect((await model.act("show-job", { "job-id": id })).results).toMatchObject({ phase: "succeeded" });
  });

  test("in one text shows its beginning", async () => {
    const long = "x".repeat(16_000_000);
    const reports = [
      { ...report(0), message: long, "artefact-path": long, remedy: long, "error-code": long },
    ];
    await model.juju.writeDatabag(model.relation, database, { jobs: JSON.stringify(reports) });
    await model.juju.writeDatabag(model.relation, "database", {
      problems: JSON.stringify([{ field: long, message: long, remedy: long }]),
    });
    await model.juju.settle();
    const shown = await model.act("show-job", { "job-id": idOf(0) });
    expect(shown.status).toBe("completed");
    for (const text of Object.values(shown.results)) expect(text.length).toBeLessThanOrEqual(4_000);
    expect(((await model.act("list-jobs")).results["jobs"] ?? "").length).toBeLessThan(4_000);
    expect(model.status(manager).message.length).toBeLessThan(1_000);
  });
});
