import { describe, expect, test } from "vitest";
import type { Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { RelatedStorage } from "../../lib/storage/s3-relation.ts";
import { recordOf } from "../../requirer/history/job-book.ts";
import { withReports, type JobRecord } from "../../requirer/history/job-record.ts";
import { summarise, type Situation } from "../../requirer/status.ts";

const storage = { bucket: "b", credentials: new Credentials("AKIACANARY", "secret-canary") };
const complete: RelatedStorage = { complete: true, storage, problems: [] };
const now = new Date("2026-03-01T13:00:00Z");
const database = {
  relation: "database-backup:1",
  application: "postgresql",
  features: new Set<string>(),
  problems: [],
};

type Said = Partial<JobReport> & { readonly phase: Phase };

function request(id: string, type: JobRequest["type"] = "backup"): JobRequest {
  const base = { id, compression: true, storage };
  return type === "backup" ? { ...base, type, backupType: "full" } : { ...base, type };
}

/** A job in each of the phases; `requested` has no report. */
function jobs(...said: readonly Said[]): readonly JobRecord[] {
  return said.map((report, index) =>
    withReports(
      recordOf(request(`job-${index}`, report.type), database),
      report.phase === "requested" ? [] : [{ unit: "postgresql/0", report }],
    ),
  );
}

function situation(said: readonly Said[], more: Partial<Situation> = {}): Situation {
  return { databases: [database], storage: complete, history: { jobs: jobs(...said) }, ...more };
}

const messageOf = (...said: readonly Said[]): string => {
  const { name, message } = summarise(situation(said), [], "s3-parameters", now);
  expect(name).toBe("active");
  return message;
};

function blocked(
  more: Partial<Situation>,
  trouble: readonly string[] = [],
  endpoint = "s3-parameters",
): string {
  const { name, message } = summarise(situation([], more), trouble, endpoint, now);
  expect(name).toBe("blocked");
  return message;
}

test("names what a database cannot use, because somebody has to look at it", () => {
  const problem = { field: "jobs", message: "jobs is not JSON.", remedy: "Write it with a JSON library." };
  const databases = [{ ...database, problems: [problem] }];
  expect(summarise(situation([{ phase: "running" }], { databases }), [], "s3", now).message).toBe(
    "1 running, postgresql: jobs is not JSON.",
  );
});

describe("a manager that cannot request anything", () => {
  test("says that no database is related, before all else", () => {
    const nothing: RelatedStorage = { complete: false, related: false, missing: [] };
    expect(blocked({ databases: [], storage: nothing })).toBe("no database related");
    expect(blocked({ databases: [] })).toBe("no database related");
  });

  test("says that no storage is related, and where to", () => {
    const nothing: RelatedStorage = { complete: false, related: false, missing: [] };
    expect(blocked({ storage: nothing }, [], "my-storage")).toBe("no storage related (my-storage)");
  });

  test("says what of the storage is missing", () => {
    const partial: RelatedStorage = { complete: false, related: true, missing: ["bucket", "secret-key"] };
    expect(blocked({ storage: partial })).toBe("storage incomplete: bucket, secret-key missing");
    expect(blocked({ storage: { ...partial, secretUnreadable: true } })).toBe(
      "storage incomplete: its secret cannot be read yet",
    );
  });

  test("says why a schedule cannot ask", () => {
    expect(
      blocked({}, ['schedule nightly: No database called "db" is related to this backup manager.']),
    ).toBe('schedule nightly: No database called "db" is related to this backup manager.');
  });

  test("says what runs all the same", () => {
    const nothing: RelatedStorage = { complete: false, related: false, missing: [] };
    const history = { jobs: jobs({ phase: "running", progress: { percent: 5 } }) };
    expect(blocked({ storage: nothing, history })).toBe(
      "no storage related (s3-parameters), 1 running (5 %)",
    );
  });
});

describe("the summary of all jobs", () => {
  test("is empty where there is none", () => {
    expect(messageOf()).toBe("");
  });

  test("counts what runs, with how far the first is, and what waits", () => {
    expect(
      messageOf(
        { phase: "running", progress: { percent: 41.9 } },
        { phase: "requested" },
        { phase: "finalizing" },
        { phase: "starting" },
        { phase: "requested" },
      ),
    ).toBe("3 running (41 %), 2 waiting");
  });

  test("says how long ago the last backup was", () => {
    expect(
      messageOf(
        { phase: "succeeded", finishedAt: "2026-03-01T10:00:00.987Z" },
        { phase: "succeeded", finishedAt: "2026-03-01T09:00:00Z" },
        { phase: "succeeded", type: "restore", finishedAt: "2026-03-01T12:00:00Z" },
      ),
    ).toBe("last backup 2 h ago");
  });

  test.each(["failed", "rejected", "expired", "lost"] as const)("points to a job that has %s", (phase) => {
    expect(
      messageOf(
        { phase: "succeeded", finishedAt: "2026-03-01T10:00:00Z" },
        { phase, type: "restore", finishedAt: "2026-03-01T12:00:00Z" },
      ),
    ).toBe("last backup 3 h ago, 1 failed: show-job job-id=job-1");
  });

  test("counts what went wrong since it last went well, and nothing that somebody wanted", () => {
    expect(
      messageOf(
        { phase: "failed", finishedAt: "2026-03-01T08:00:00Z" },
        { phase: "succeeded", finishedAt: "2026-03-01T10:00:00Z" },
        { phase: "cancelled", finishedAt: "2026-03-01T11:00:00Z" },
      ),
    ).toBe("last backup 3 h ago");
    expect(messageOf({ phase: "failed" }, { phase: "lost" })).toBe("2 failed: show-job job-id=job-1");
  });

  test("says whose keys travel in plain text, while they do", () => {
    const databases = [{ ...database, requests: [request("a")] }];
    expect(summarise(situation([], { databases }), [], "s3", now).message).toBe(
      "storage keys in plain text for postgresql",
    );
  });

  test("never shows credentials", () => {
    expect(JSON.stringify(summarise(situation([{ phase: "running" }]), [], "s3", now))).not.toMatch(
      /canary/i,
    );
  });
});
