import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { Backup } from "../../lib/job/backup.ts";
import { endPhases, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import { recordOf } from "../../requirer/history/job-book.ts";
import { withReports } from "../../requirer/history/job-record.ts";
import { describeJob } from "../../requirer/job-story.ts";
import {
  backupsOfHistory,
  backupsTable,
  databasesTable,
  jobsTable,
  schedulesTable,
} from "../../requirer/tables.ts";

import { database, id, jobOf, request } from "./job-records.ts";

const linesOf = (table: string): readonly string[] => table.split("\n");

describe("the table of jobs", () => {
  test("says so where there are none", () => {
    expect(jobsTable([])).toBe("No jobs.");
  });

  test("has a line for each, and below it what an admin should know", () => {
    const failed = { ...request, id: "b", requestedAt: "2026-03-01T11:00:00Z" };
    const jobs = [
      jobOf({ phase: "running", progress: { percent: 41.9 } }),
      jobOf({ id: "b", phase: "failed", message: "The disk is full.", remedy: "Free some space." }, failed),
      jobOf(undefined, { ...request, id: "c", type: "restore" }),
    ];
    expect(jobsTable(jobs)).toBe(
      [
        "JOB                                   TYPE          PHASE         UNIT          REQUESTED",
        "0197c2a4-6f0e-7c44-9d0f-0123456789ab  differential  running 41 %  postgresql/0  2026-03-01T10:00Z",
        "b                                     differential  failed        postgresql/0  2026-03-01T11:00Z",
        "    The disk is full.",
        "    Free some space.",
        "c                                     restore       requested     -             2026-03-01T10:00Z",
      ].join("\n"),
    );
  });

  test("says why a job waits", () => {
    const waiting = { jobId: "b", position: 2, reason: "A backup is running." };
    const job = withReports({ ...recordOf({ ...request, id: "b" }, database), waiting }, []);
    expect(linesOf(jobsTable([job])).slice(1)).toEqual([
      "b    differential  waiting  -     2026-03-01T10:00Z",
      "    A backup is running.",
    ]);
    expect(describeJob(job)).toMatchObject({
      phase: "waiting",
      position: "2",
      message: "A backup is running.",
    });
  });

  test("names the database in place of the unit where there are several", () => {
    const other = { ...jobOf(undefined), relation: "database-backup:4", application: "mysql" };
    expect(linesOf(jobsTable([jobOf(undefined), other]))[2]).toMatch(/differential {2}requested {2}mysql/);
  });

  test("shows as many as are wanted, and what is newer than wanted", () => {
    const jobs = ["01", "02", "03"].map((day) =>
      jobOf(undefined, { ...request, id: `on-${day}`, requestedAt: `2026-03-${day}T10:00:00Z` }),
    );
    expect(linesOf(jobsTable(jobs, { limit: 1 })).slice(1)).toEqual([
      expect.stringMatching(/^on-03 /),
      "2 older ones are not shown.",
    ]);
    expect(linesOf(jobsTable(jobs, { since: "2026-03-02T00:00:00Z" })).slice(1)).toEqual([
      expect.stringMatching(/^on-02 /),
      expect.stringMatching(/^on-03 /),
      "1 older one is not shown.",
    ]);
    expect(jobsTable(jobs, { since: "2026-04-01T00:00:00Z" })).toBe("No jobs.\n3 older ones are not shown.");
  });

  test("comes to what is left out by the time before which it is", () => {
    const jobs = ["01", "02", "03"].map((day) =>
      jobOf(undefined, { ...request, id: `on-${day}`, requestedAt: `2026-03-${day}T10:00:00Z` }),
    );
    expect(linesOf(jobsTable(jobs, { limit: 1, before: "2026-03-03T10:00:00Z" })).slice(1)).toEqual([
      expect.stringMatching(/^on-02 /),
      "1 older one is not shown.",
    ]);
    expect(
      linesOf(jobsTable(jobs, { since: "2026-03-02T10:00:00Z", before: "2026-03-03T10:00:00.001Z" })).slice(
        1,
      ),
    ).toEqual([
      expect.stringMatching(/^on-02 /),
      expect.stringMatching(/^on-03 /),
      "1 older one is not shown.",
    ]);
    expect(jobsTable(jobs, { before: "2026-03-01T10:00:00Z" })).toBe("No jobs.");
  });

  test("says how many are only counted", () => {
    const summaries = [{ application: "postgresql", counts: { succeeded: 3, failed: 2 } }];
    expect(linesOf(jobsTable([jobOf(undefined)], {}, summaries)).at(-1)).toBe(
      "5 older ones are only counted.",
    );
  });

  test("has what does not fit beside long names below each row", () => {
    const unit = "postgresql-of-the-eastern-branch/10";
    const lines = linesOf(jobsTable([jobOf({ phase: "failed", message: "It broke." }, request, unit)]));
    expect(lines).toEqual([
      "JOB                                   TYPE          PHASE   UNIT",
      `${id}  differential  failed  ${unit}`,
      "    requested: 2026-03-01T10:00Z",
      "    It broke.",
    ]);
  });

  const text = fc.lorem({ mode: "sentences", maxCount: 8 });
  const anyJob = fc
    .record({
      phase: fc.constantFrom<Phase>(...phasesAtWork, ...endPhases),
      type: fc.constantFrom("backup", "restore"),
      message: text,
      remedy: text,
      percent: fc.double({ min: 0, max: 100, noNaN: true }),
      number: fc.nat(999),
      name: fc.constantFrom("postgresql", "postgresql-k8s", "a-name-of-forty-characters-and-a-few-more"),
    })
    .map(({ percent, number, name, type, ...said }) =>
      jobOf(
        { ...said, progress: { percent } },
        type === "backup" ? request : { ...request, type, artefactPath: "label" },
        `${name}/${number}`,
      ),
    );

  property.prop([fc.array(anyJob, { minLength: 1, maxLength: 12 })])(
    "is at most 100 columns wide",
    (jobs) => {
      const lines = linesOf(jobsTable(jobs));
      expect(lines.filter((line) => line.length > 100)).toEqual([]);
      expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    },
  );

  property.prop([text])("wraps a long message and loses no word of it", (message) => {
    const [, , ...notes] = linesOf(jobsTable([jobOf({ phase: "failed", message })]));
    expect(notes.every((line) => line.startsWith("    "))).toBe(true);
    expect(notes.join(" ").split(/\s+/).filter(Boolean)).toEqual(message.split(/\s+/));
    for (const [index, line] of notes.slice(0, -1).entries()) {
      const [next = ""] = (notes[index + 1] ?? "").trim().split(" ");
      expect(line.length + 1 + next.length).toBeGreaterThan(100);
    }
  });

  test("does not cut a word that is longer than a line, and keeps to its own lines", () => {
    const path = `/${"x".repeat(150)}`;
    const [, , ...notes] = linesOf(jobsTable([jobOf({ phase: "failed", message: `See ${path}\nthere.` })]));
    expect(notes).toEqual(["    See", `    ${path}`, "    there."]);
  });

  test("shows the newest 200, and says how many are left out", () => {
    const many = Array.from({ length: 203 }, (_, index) =>
      jobOf(undefined, { ...request, id: `job-${index}` }),
    );
    const lines = linesOf(jobsTable(many));
    expect(lines).toHaveLength(202);
    expect(lines[1]).toMatch(/^job-3 /);
    expect(lines.at(-2)).toMatch(/^job-202 /);
    expect(lines.at(-1)).toBe("3 older ones are not shown.");
    expect(linesOf(jobsTable(many.slice(3)))).toHaveLength(201);
  });
});

describe("the table of backups", () => {
  const backup = (label: string, day: number, sizeBytes: number): Backup => ({
    id: label,
    type: "full",
    finishedAt: `2026-03-0${day}T10:00:00Z`,
    sizeBytes,
    timeline: day,
    artefactPath: `/p/backup/db/${label}/`,
  });

  test("tells none from not known", () => {
    expect(backupsTable([])).toBe("No backups.");
    expect(backupsTable(undefined)).toMatch(/^The database has published no list of backups yet/);
  });

  test("is in the order of time, whatever the order was", () => {
    const backups = [
      backup("20260303-100000F", 3, 1024 ** 3),
      backup("20260301-100000F", 1, 500),
      backup("20260302-100000F", 2, 1536),
    ];
    expect(backupsTable(backups)).toBe(
      [
        "BACKUP            TYPE  FINISHED              SIZE     TIMELINE",
        "20260301-100000F  full  2026-03-01T10:00:00Z  500 B    1",
        "20260302-100000F  full  2026-03-02T10:00:00Z  1.5 KiB  2",
        "20260303-100000F  full  2026-03-03T10:00:00Z  1.0 GiB  3",
      ].join("\n"),
    );
  });

  test.each([
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [5 * 1024 ** 4, "5.0 TiB"],
    [2048 * 1024 ** 4, "2048.0 TiB"],
  ])("shows %i bytes as %s", (bytes, shown) => {
    expect(linesOf(backupsTable([backup("x", 1, bytes)]))[1]).toContain(`  ${shown}  `);
  });

  test("is at most 100 columns wide", () => {
    const differential: Backup = {
      ...backup("20260301-100000F_20260302-100000I", 1, 1023 * 1024 ** 3),
      type: "incremental",
      timeline: 123,
    };
    expect(linesOf(backupsTable([differential])).every((line) => line.length <= 100)).toBe(true);
  });
});

test("backups of a database that publishes none are those that the manager saw succeed", () => {
  const said = { phase: "succeeded", finishedAt: "2026-03-01T10:05:00Z", backupId: "label" } as const;
  const jobs = [jobOf(said), jobOf({ phase: "failed" }), { ...jobOf(said), application: "mysql" }];
  expect(backupsOfHistory(jobs, "postgresql")).toMatchObject([
    { id: "label", type: "differential", finishedAt: "2026-03-01T10:05:00Z" },
  ]);
});

test("the table of databases says how each is, and what is wrong with it", () => {
  const related = {
    ...database,
    features: new Set(["secret-extra"]),
    keys: "secret" as const,
    problems: [],
  };
  const wrong = [{ field: "jobs", message: "jobs is not JSON.", remedy: "Write it with a JSON library." }];
  const jobs = [
    jobOf({ phase: "succeeded", finishedAt: "2026-03-01T10:00:00Z" }),
    jobOf(undefined, { ...request, id: "b" }),
  ];
  const other = {
    relation: "database-backup:4",
    application: "mysql",
    features: new Set<string>(),
    keys: "plain text" as const,
    problems: wrong,
  };
  expect(databasesTable([related, other], jobs, new Date("2026-03-01T13:00:00Z"))).toBe(
    [
      "DATABASE    RELATION           OPEN  LAST BACKUP  KEYS",
      "postgresql  database-backup:3  1     3 h ago      secret",
      "mysql       database-backup:4  0     -            plain text",
      "    jobs is not JSON. Write it with a JSON library.",
    ].join("\n"),
  );
  expect(databasesTable([], [], new Date())).toBe("No databases.");
});

test("the table of schedules says when each comes next", () => {
  const schedule = {
    name: "nightly",
    database: "postgresql",
    cron: "0 2 * * *",
    timezone: "Europe/Berlin",
    backupType: "incremental",
    compression: true,
    since: "2026-03-01T10:00:00.000Z",
    missed: 2,
  } as const;
  const lines = linesOf(
    schedulesTable([
      { ...schedule, next: "2026-03-02T01:00:00.000Z" },
      { ...schedule, name: "held", paused: true },
    ]),
  );
  expect(lines.slice(1, 5)).toEqual([
    "nightly   postgresql  incremental  2026-03-02T01:00Z  2",
    "    0 2 * * * in Europe/Berlin",
    "held      postgresql  incremental  paused             2",
    "    0 2 * * * in Europe/Berlin",
  ]);
  const wide = {
    ...schedule,
    name: "n".repeat(32),
    timezone: "America/Argentina/ComodRivadavia",
    cron: "0,15,30,45 8-18 1-15,20 1,4,7,10 1-5",
    retention: { full: 52 },
  } as const;
  expect(linesOf(schedulesTable([wide])).filter((line) => line.length > 100)).toEqual([]);
  expect(schedulesTable([])).toBe("No schedules.");
});
