/**
 * What databases and admins get wrong, and what the backup manager's admin sees of it.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { validateRequirerJob } from "../../lib/wire/generated/validators.js";
import { maxOpenJobs } from "../../requirer/index.ts";
import { database, InProcessModel, manager, wireRequest } from "./in-process-model.ts";

let model: InProcessModel;
beforeEach(async () => {
  model = await InProcessModel.start();
  // The test writes what databases write.
  model.charms.database = async () => {};
});
afterEach(async () => {
  await model.stop();
});

async function ask(parameters: Record<string, unknown> = {}): Promise<string> {
  return (await model.act("create-backup", parameters)).results["job-id"] ?? "";
}

/** A report as a unit writes it. */
function report(id: string, status: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const storage = { bucket: "backups", "access-key": "", "secret-key": "" };
  return wireRequest(id, { "storage-config": storage, status, ...more });
}

async function writeReports(reports: readonly unknown[], unit: string = database): Promise<void> {
  await model.juju.writeDatabag(model.relation, unit, { jobs: JSON.stringify(reports) });
  await model.juju.settle();
}

async function show(id: string): Promise<Readonly<Record<string, string>>> {
  return (await model.act("show-job", { "job-id": id })).results;
}

function requests(): readonly Record<string, unknown>[] {
  const { jobs = "[]" } = model.juju.databag(model.relation, "manager");
  const written: readonly Record<string, unknown>[] = JSON.parse(jobs);
  return written;
}

async function refusal(action: string, parameters: Record<string, unknown>): Promise<string> {
  const task = await model.act(action, parameters);
  expect(task.status).toBe("failed");
  return task.message;
}

describe("reports", () => {
  test("of jobs that were never requested are told of, and change nothing", async () => {
    const id = await ask();
    await writeReports([report("foreign", "error", { message: "Not ours." }), report(id, "success")]);
    const { jobs = "" } = (await model.act("list-jobs")).results;
    expect(jobs).toContain(id);
    expect(jobs).toContain("database/0 tells of a job that is not in the history");
    expect(await show("foreign")).toMatchObject({
      phase: "failed",
      unit: database,
      message: "Not ours.",
      history: "not in it: the job was cleared, or nobody here asked for it",
    });
    expect(model.status(manager).message).toBe("last backup 0 s ago");
  });

  test("of two units with different ends both stay, and the one with the greater fence counts", async () => {
    await model.juju.addUnit("database");
    await model.juju.settle();
    const id = await ask();
    await writeReports([report(id, "error", { message: "Lost it.", fence: 1, phase: "failed" })]);
    await writeReports([report(id, "success", { fence: 2, phase: "succeeded" })], "database/1");
    await writeReports([]);
    await writeReports([], "database/1");
    expect(await show(id)).toMatchObject({
      phase: "succeeded",
      unit: "database/1",
      "other-reports": "database/0: failed",
    });
  });

  test("that go back from success to running are not believed", async () => {
    const id = await ask();
    await writeReports([report(id, "success", { "backup-id": "first" })]);
    await writeReports([report(id, "running", { phase: "running", progress: { percent: 1 } })]);
    expect(await show(id)).toMatchObject({ phase: "succeeded", "backup-id": "first" });
    await writeReports([]);
    expect(await show(id)).toMatchObject({ phase: "succeeded", "backup-id": "first" });
  });

  test("with times in the future are shown as they are, and are no age", async () => {
    const id = await ask();
    await writeReports([
      report(id, "success", { phase: "succeeded", "finished-at": "2999-01-01T00:00:00Z" }),
    ]);
    expect(await show(id)).toMatchObject({ phase: "succeeded", "finished-at": "2999-01-01T00:00:00.000Z" });
    expect(model.status(manager).message).toBe("last backup 0 s ago");
  });

  test("of a provider of a newer version are read as far as they are known", async () => {
    const id = await ask();
    await model.juju.writeDatabag(model.relation, "database", {
      "lib-version": "99.0",
      features: JSON.stringify(["secret-extra", "teleport"]),
      queue: JSON.stringify([{ "job-id": id, position: 1, reason: "the moon is full", moon: true }]),
    });
    await model.juju.settle();
    expect(await show(id)).toMatchObject({ phase: "waiting", message: "the moon is full" });
    await writeReports([report(id, "running", { phase: "teleporting", speed: { warp: 9 } })]);
    expect(await show(id)).toMatchObject({ phase: "running" });
    await writeReports([report(id, "success", { phase: "teleported" })]);
    expect(await show(id)).toMatchObject({ phase: "succeeded" });
  });
});

describe("an admin is told what is wrong with", () => {
  test.each([
    [{ cron: "whenever" }, /^"whenever" does not say when: expected five fields\. Give minute, hour/],
    [{ cron: "99 2 * * *" }, /^"99 2 \* \* \*" does not say when: a field is none that cron knows\./],
    [{ cron: "0 2 30 2 *" }, /^The times "0 2 30 2 \*" never come\. Name a day that exists/],
    [{ timezone: "Mars/Olympus" }, /^There is no time zone "Mars\/Olympus"\. Name one of the IANA database/],
    [{ name: "No Name" }, /^"No Name" is no name for a schedule\./],
    [{ database: "oracle" }, /^No database called "oracle" is related/],
    [{ "keep-full": 1, "keep-days": 1 }, /^keep-full and keep-days are both given\./],
  ])("a schedule with %j", async (wrong, message) => {
    const given = { name: "nightly", cron: "0 2 * * *", timezone: "UTC", ...wrong };
    expect(await refusal("add-schedule", given)).toMatch(message);
    expect((await model.act("list-schedules")).results).toMatchObject({ schedules: "No schedules." });
  });

  test("a second schedule of one name, and with one that there is not", async () => {
    const nightly = { name: "nightly", cron: "0 2 * * *" };
    expect((await model.act("add-schedule", nightly)).status).toBe("completed");
    expect(await refusal("add-schedule", nightly)).toMatch(/^There is a schedule nightly already\./);
    expect(await refusal("remove-schedule", { name: "hourly" })).toBe(
      "There is no schedule hourly. Name one of: nightly.",
    );
  });

  test("a restore of another database's backup, and one that names the wrong database", async () => {
    await model.juju.deploy({
      application: "mysql",
      charm: "test/charms/v0-database",
      inProcess: async () => undefined,
    });
    await model.juju.integrate("manager:database-backup", "mysql:database-backup");
    await model.juju.settle();
    const id = await ask({ database: "database" });
    await writeReports([report(id, "success", { phase: "succeeded", "backup-id": "of-database" })]);
    const target = { "backup-id": "of-database", database: "mysql" };
    expect(await refusal("restore", target)).toBe(
      "of-database is a backup of database, not of mysql. Name a backup of mysql: list-backups database=mysql.",
    );
    expect(await refusal("restore", { ...target, database: "database", confirm: "mysql" })).toBe(
      "confirm=mysql does not name the database that would be restored. Run it again with confirm=database if database is what you mean.",
    );
  });

  test("the 101st open job, while the hundred go on", async () => {
    const ids = await Promise.all(Array.from({ length: maxOpenJobs }, async () => await ask()));
    expect(await refusal("create-backup", {})).toBe(
      "100 jobs are open already, and no more than that can be kept. Wait for some to end, or cancel some; list-jobs shows them.",
    );
    await writeReports(ids.map((id) => report(id, "success")));
    expect(model.status(manager).message).toMatch(/^last backup/);
    expect((await model.act("create-backup")).status).toBe("completed");
    expect((await model.act("list-jobs", { format: "json", limit: 3 })).results).toMatchObject({
      "left-out": "98",
    });
  });

  test("what a listing leaves out, in JSON as in a table", async () => {
    const first = await ask();
    await model.juju.advance(3_600_000);
    const [second, third] = [await ask(), await ask()];
    const since = "2026-01-01T00:30:00Z";
    const listed = async (more: Record<string, unknown>): Promise<unknown> => {
      const { jobs = "[]", ...rest } = (await model.act("list-jobs", { format: "json", ...more })).results;
      const items: readonly { readonly id: string }[] = JSON.parse(jobs);
      return [items.map(({ id }) => id), rest["left-out"]];
    };
    expect(await listed({})).toEqual([[first, second, third], undefined]);
    expect(await listed({ since })).toEqual([[second, third], "1"]);
    expect(await listed({ since, limit: 1 })).toEqual([[third], "2"]);
    expect(await listed({ before: since })).toEqual([[first], undefined]);
    const { jobs = "" } = (await model.act("list-jobs", { since, limit: 1 })).results;
    expect(jobs.split("\n").slice(1)).toEqual([
      expect.stringMatching(new RegExp(`^${third} +full +requested +- +2026-01-01T01:00Z$`)),
      "2 older ones are not shown.",
    ]);
  });

  test("a retention that the database does not say it keeps to, which is no reason not to back up", async () => {
    await model.juju.writeDatabag(model.relation, "database", { features: '["secret-extra"]' });
    await model.juju.settle();
    const kept = { "keep-full": 2 };
    const warning =
      "database does not say that it expires backups (feature retention): keep-full=2 is asked for, and all are kept. " +
      "Remove old ones with the database's own tools.";
    const asked = await model.act("create-backup", kept);
    expect(asked).toMatchObject({ status: "completed", results: { warning } });
    const schedule = await model.act("add-schedule", { name: "nightly", cron: "0 2 * * *", ...kept });
    expect(schedule.results["schedules"]?.replaceAll(/\s+/g, " ")).toContain(warning);
    // Its being ignored does no harm, so it travels all the same.
    expect(requests()).toMatchObject([{ retention: { full: 2 } }]);

    await model.juju.writeDatabag(model.relation, "database", { features: '["retention"]' });
    await model.juju.settle();
    expect((await model.act("create-backup", { "keep-days": 7 })).results).not.toHaveProperty("warning");
    expect(requests()).toMatchObject([{ retention: { full: 2 } }, { retention: { days: 7 } }]);
    const { schedules = "" } = (await model.act("list-schedules")).results;
    expect(schedules).toContain("    0 2 * * * in UTC, keep-full=2\n");
    await model.juju.advance(3 * 3_600_000);
    await model.updateStatus(manager);
    expect(requests()[2]).toMatchObject({ retention: { full: 2 }, schedule: { name: "nightly" } });
    expect(validateRequirerJob(requests()[2])).toBe(true);
  });

  test("a job's id, and a time without an offset", async () => {
    expect(await refusal("cancel", { "job-id": "none" })).toMatch(/^There is no job none\./);
    for (const action of ["list-jobs", "clear-history", "list-backups"]) {
      expect(await refusal(action, { database: "databse" })).toBe(
        'No database called "databse" is related to this backup manager. Name one of: database.',
      );
    }
    expect(await refusal("restore", { "restore-to-time": "yesterday" })).toMatch(
      /^restore-to-time is "yesterday"; expected a time as RFC 3339 with an offset/,
    );
    expect(await refusal("list-jobs", { since: "yesterday" })).toBe(
      "since=yesterday is no time. Give it with its offset, for example since=2026-01-31T18:00:00Z.",
    );
  });
});

describe("the plan of a restore", () => {
  const listed = [
    ["20250301-020000F", "2025-03-01T02:10:00Z"],
    ["20250302-020000F", "2025-03-02T02:10:00Z"],
  ].map(([id, finishedAt]) => ({
    "backup-id": id,
    type: "full",
    "finished-at": finishedAt,
    "size-bytes": 1024,
    timeline: 1,
    "artefact-path": `/backup/db/${id}/`,
  }));

  async function plan(target: Record<string, unknown>): Promise<Readonly<Record<string, string>>> {
    await model.juju.writeDatabag(model.relation, "database", {
      features: '["restore-to-time","backups"]',
      backups: JSON.stringify(listed.toReversed()),
    });
    await model.juju.settle();
    return (await model.act("restore", target)).results;
  }

  test("names the backup that a time begins with", async () => {
    expect(await plan({ "restore-to-time": "2025-03-02T01:00:00Z" })).toMatchObject({
      restores: expect.stringContaining("(20250301-020000F, 2025-03-01T02:10:00Z, by its list)"),
    });
    expect(await plan({ "restore-to-time": "latest" })).toMatchObject({
      restores: expect.stringMatching(/^database from the newest backup \(20250302-020000F, /),
    });
  });

  test("warns of a time before all backups, and of one before the backup that is named", async () => {
    const early = { "restore-to-time": "2025-02-01T00:00:00Z" };
    expect((await plan(early))["warnings"]).toBe(
      "No backup that database publishes was finished before 2025-02-01T00:00:00Z.",
    );
    expect((await plan({ ...early, "backup-id": "20250301-020000F" }))["warnings"]).toBe(
      "20250301-020000F was finished after 2025-02-01T00:00:00Z: it cannot go back to that time.",
    );
  });
});

describe("clearing the history", () => {
  test("twice, and while a job ends, loses no job that has not ended", async () => {
    const [first, second] = [await ask(), await ask()];
    await writeReports([report(first, "success"), report(second, "running")]);
    expect((await model.act("clear-history")).results).toMatchObject({ cleared: "1" });
    expect((await model.act("clear-history")).results).toMatchObject({ cleared: "0" });
    await model.juju.writeDatabag(model.relation, database, {
      jobs: JSON.stringify([report(second, "error", { message: "It broke." })]),
    });
    // The end is seen by the action itself, before any hook.
    expect((await model.act("clear-history")).results).toMatchObject({ cleared: "1" });
    expect(model.juju.databag(model.relation, "manager")["jobs"]).toBeUndefined();
    const third = await ask();
    expect(await show(third)).toMatchObject({ phase: "requested" });
  });
});
