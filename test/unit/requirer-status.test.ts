import { describe, expect, test } from "vitest";
import { joinJobs } from "../../lib/job/job.ts";
import type { Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { RelatedStorage } from "../../lib/storage/s3-relation.ts";
import type { Database } from "../../requirer/database.ts";
import { summarise } from "../../requirer/status.ts";

const storage = { bucket: "b", credentials: new Credentials("AKIACANARY", "secret-canary") };
const complete: RelatedStorage = { complete: true, storage, problems: [] };

/** A database with a job in each of the phases; `requested` has no report. */
function database(...said: readonly (Partial<JobReport> & { readonly phase: Phase })[]): Database {
  const ids = said.map((_, index) => `job-${index}`);
  return {
    relation: "database-backup:1",
    application: "postgresql",
    features: new Set(),
    requests: [],
    problems: [],
    jobs: joinJobs(
      "database-backup:1",
      ids.map((id) => ({ id, type: "backup", backupType: "full", compression: true, storage })),
      said.flatMap((report, index) =>
        report.phase === "requested"
          ? []
          : [
              {
                unit: "postgresql/0",
                report: { id: ids[index] ?? "", type: "backup", storage: { bucket: "b" }, ...report },
              },
            ],
      ),
    ),
  };
}

const messageOf = (...databases: readonly Database[]): string => {
  const { name, message } = summarise(databases, complete, "s3-parameters");
  expect(name).toBe("active");
  return message;
};

test("names what a database cannot use, because somebody has to look at it", () => {
  const problem = { field: "jobs", message: "jobs is not JSON.", remedy: "Write it with a JSON library." };
  expect(messageOf({ ...database({ phase: "running" }), problems: [problem] })).toBe(
    "1 running, postgresql: jobs is not JSON.",
  );
});

describe("a manager that cannot request anything", () => {
  test("says that no database is related, before all else", () => {
    const nothing: RelatedStorage = { complete: false, related: false, missing: [] };
    expect(summarise([], nothing, "s3-parameters")).toEqual({
      name: "blocked",
      message: "no database related",
    });
    expect(summarise([], complete, "s3-parameters")).toEqual({
      name: "blocked",
      message: "no database related",
    });
  });

  test("says that no storage is related, and where to", () => {
    const status = summarise([database()], { complete: false, related: false, missing: [] }, "my-storage");
    expect(status).toEqual({ name: "blocked", message: "no storage related (my-storage)" });
  });

  test("says what of the storage is missing", () => {
    const partial: RelatedStorage = { complete: false, related: true, missing: ["bucket", "secret-key"] };
    expect(summarise([database()], partial, "s3-parameters")).toEqual({
      name: "blocked",
      message: "storage incomplete: bucket, secret-key missing",
    });
  });
});

describe("the summary of all jobs", () => {
  test("is empty where there is none", () => {
    expect(messageOf(database())).toBe("");
  });

  test("counts what runs, with how far the first is, and what waits", () => {
    const running = database(
      { phase: "running", progress: { percent: 41.9 } },
      { phase: "requested" },
      { phase: "finalizing" },
      { phase: "starting" },
    );
    expect(messageOf(running, database({ phase: "requested" }))).toBe("3 running (41 %), 2 requested");
    expect(messageOf(database({ phase: "starting" }))).toBe("1 running");
    expect(messageOf(database({ phase: "requested" }))).toBe("1 requested");
  });

  test("names the last end of all databases by its time", () => {
    const early = database({ phase: "failed", finishedAt: "2026-03-01T09:00:00Z" });
    const late = database({ phase: "succeeded", finishedAt: "2026-03-01T10:00:00.987Z" });
    expect(messageOf(late, early)).toBe("last backup succeeded at 2026-03-01T10:00:00Z");
    expect(messageOf(early, late)).toBe("last backup succeeded at 2026-03-01T10:00:00Z");
  });

  test.each(["failed", "rejected", "cancelled", "expired", "lost"] as const)(
    "points to a job that has %s",
    (phase) => {
      const ended = database(
        { phase: "succeeded", finishedAt: "2026-03-01T09:00:00Z" },
        { phase, type: "restore", finishedAt: "2026-03-01T10:00:00Z" },
      );
      expect(messageOf(ended)).toBe(`last restore ${phase}: show-job job-id=job-1`);
    },
  );

  test("puts all of it in one line", () => {
    const busy = database(
      { phase: "succeeded", finishedAt: "2026-03-01T10:00:00Z" },
      { phase: "running", progress: { percent: 5 } },
      { phase: "requested" },
    );
    expect(messageOf(busy)).toBe(
      "1 running (5 %), 1 requested, last backup succeeded at 2026-03-01T10:00:00Z",
    );
  });

  test("says nothing of an end without a time, as a provider may report it that knows the interface alone", () => {
    expect(messageOf(database({ phase: "succeeded" }))).toBe("");
  });

  test("never shows credentials", () => {
    expect(JSON.stringify(summarise([database({ phase: "running" })], complete, "s3"))).not.toMatch(
      /canary/i,
    );
  });
});
