import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { PeerDatabagError } from "../../lib/errors.ts";
import { endPhases, isEnd, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { JobProgress } from "../../lib/job/report.ts";
import { backupTypes } from "../../lib/job/request.ts";
import type { StorageLocation } from "../../lib/job/storage-config.ts";
import { countOf } from "../../requirer/history/ended-summary.ts";
import { decodeHistory, encodeHistory, maxHistoryBytes } from "../../requirer/history/history-databag.ts";
import { History, maxEndedJobs, maxOpenJobs } from "../../requirer/history/history.ts";
import {
  observed,
  recordKey,
  withReports,
  type JobRecord,
  type RecordedReport,
} from "../../requirer/history/job-record.ts";
import { recordBytes } from "../../requirer/history/record-json.ts";
import { text, utcTime } from "./wire-arbitraries.ts";

/** What schedules may take up beside the history. */
const schedulesBytes = 12 * 1024;

const endpoint = "database-backup";
const relation = `${endpoint}:3`;

function asked(id: string, more: Partial<JobRecord> = {}): JobRecord {
  const storage = { endpoint: "https://s3.example.com", bucket: "backups", path: "/clusters/blue" };
  const base = {
    id,
    relation,
    application: "postgresql",
    type: "backup",
    backupType: "full",
    storage,
  } as const;
  return withReports({ ...base, requestedAt: "2026-11-20T01:59:58.123Z", ...more }, more.reports ?? []);
}

function said(phase: Phase, more: Partial<JobProgress> = {}, unit = "postgresql/0"): RecordedReport {
  return { unit, report: { phase, ...more } };
}

function ended(id: string, phase: Phase = "succeeded", more: Partial<JobProgress> = {}): JobRecord {
  return asked(id, { reports: [said(phase, { finishedAt: "2026-11-20T02:14:09.000Z", ...more })] });
}

function bytesOf(history: History): number {
  return Object.entries(encodeHistory(history)).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

/** What comes back after the history was kept. */
function kept(history: History): History {
  return decodeHistory(encodeHistory(history), endpoint);
}

const success: Partial<JobProgress> = {
  startedAt: "2026-11-20T02:00:03.000Z",
  backupId: "20261119-020000F_20261120-020000I",
  artefactPath: "/clusters/blue/backup/prod.postgresql/20261119-020000F_20261120-020000I/",
  sizeBytes: 734_003_200_000,
  timeline: 12,
  logPath: "/clusters/blue/database-backup/prod.postgresql/20261119-020000F_20261120-020000I/job.log",
  fence: 1_234,
};
const failure: Partial<JobProgress> = {
  startedAt: "2026-11-20T02:00:03.000Z",
  errorCode: "pgbackrest-82",
  message:
    "pgBackRest failed with exit code 82: WAL segment 000000010000000000000003 was not archived in 60000 ms.",
  remedy: "Look at the PostgreSQL log for what the archive command says, then check the storage.",
  logPath: "/clusters/blue/database-backup/prod.postgresql/0193-76a5-5f2c/job.log",
  fence: 1_235,
};

const longTexts = fc.oneof(
  text,
  fc.string({ unit: "binary", maxLength: 2_000 }),
  fc.constantFrom("\u0000".repeat(2_000), "😀".repeat(1_000), '"'.repeat(2_000), "\ud800", "\t", ""),
);
const times = fc.oneof(utcTime, longTexts, fc.constant("2026-01-02T03:04:05.123456Z"));
const numbers = fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
const phases = fc.constantFrom<Phase>(...phasesAtWork, ...endPhases);
const unit = fc.constantFrom("db/0", "db/1", "db/2", "db/3", "db/10", "backup-manager/0");
const anyReport: fc.Arbitrary<RecordedReport> = fc.record({
  unit,
  report: fc.record(
    {
      phase: phases,
      message: longTexts,
      artefactPath: longTexts,
      startedAt: times,
      finishedAt: times,
      backupId: longTexts,
      sizeBytes: numbers,
      timeline: numbers,
      logPath: longTexts,
      errorCode: longTexts,
      remedy: longTexts,
      fence: numbers,
    },
    { requiredKeys: ["phase"] },
  ),
});
const reports = fc.array(anyReport, { maxLength: 6 });
const anyJob: fc.Arbitrary<JobRecord> = fc
  .tuple(
    fc.record(
      {
        id: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 36 }),
        relation: fc.nat().map((number) => `${endpoint}:${number}`),
        application: fc.constantFrom("db", "d-".repeat(31)),
        type: fc.constantFrom("backup" as const, "restore" as const),
        artefactPath: longTexts,
        restoreToTime: longTexts,
        restoreTimeline: numbers,
        requestedAt: times,
        startBefore: times,
        schedule: fc.record({ name: longTexts, slot: longTexts }),
        cancel: fc.constant(true as const),
        storage: fc.record({ endpoint: longTexts, bucket: longTexts, path: longTexts }),
        ownStorage: fc.constant(true as const),
      },
      { requiredKeys: ["id", "relation", "application", "type"] },
    ),
    fc.constantFrom(...backupTypes),
    reports,
  )
  .map(([job, backupType, seen]) => withReports(job.type === "backup" ? { ...job, backupType } : job, seen));

describe("what is seen of a job", () => {
  const empty = asked("a");

  property.prop([reports, reports, reports])(
    "comes to the same in whatever order and however often",
    (a, b, c) => {
      const ab = observed(observed(empty, a), b);
      expect(observed(observed(empty, b), a)).toEqual(ab);
      expect(observed(ab, a)).toEqual(ab);
      expect(observed(ab, c)).toEqual(observed(empty, [...c, ...b, ...a]));
    },
  );

  property.prop([reports, reports])("never takes an end back", (a, b) => {
    const before = observed(empty, a);
    const after = observed(before, b);
    if (isEnd(before.phase)) expect(isEnd(after.phase)).toBe(true);
    if (isEnd(before.phase) && before.phase !== "lost") expect(after.phase).not.toBe("lost");
  });

  test("keeps two ends of two units, the one that counts first", () => {
    const two = observed(empty, [
      said("succeeded", { fence: 2 }),
      said("failed", { fence: 1 }, "postgresql/1"),
    ]);
    expect(two.phase).toBe("succeeded");
    expect(kept(new History([], [two])).jobs[0]?.reports).toMatchObject([
      { unit: "postgresql/0", report: { phase: "succeeded", fence: 2 } },
      { unit: "postgresql/1", report: { phase: "failed", fence: 1 } },
    ]);
  });
});

describe("the history", () => {
  test("takes a job from its request to its end", () => {
    const requested = new History().with([asked("a")]);
    expect(requested.open).toMatchObject([{ id: "a", phase: "requested" }]);
    const key = `${relation} a`;
    const running = requested.observe(new Map([[key, [said("running")]]]));
    expect(running.open).toMatchObject([{ phase: "running" }]);
    const over = running.observe(new Map([[key, [said("succeeded", { backupId: "b" })]]]));
    expect(over.open).toEqual([]);
    expect(over.ended).toMatchObject([{ phase: "succeeded", reports: [{ report: { backupId: "b" } }] }]);
    expect(over.observe(new Map([[key, [said("running")]]])).ended).toEqual(over.ended);
  });

  test("takes up nothing that nobody asked for", () => {
    const history = new History().observe(new Map([[`${relation} a`, [said("succeeded")]]]));
    expect(history.jobs).toEqual([]);
  });

  test("does not ask for a job twice", () => {
    const history = new History([], [ended("a")]).with([asked("a"), asked("b"), asked("b")]);
    expect(history.jobs.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("keeps the newest ended jobs, and counts the others", () => {
    const jobs = Array.from({ length: maxEndedJobs + 10 }, (_, number) =>
      ended(`job-${number}`, number % 2 === 0 ? "succeeded" : "failed", {
        finishedAt: new Date(1_800_000_000_000 + number * 1_000).toISOString(),
      }),
    );
    const history = kept(new History().with(jobs));
    expect(history.ended).toHaveLength(maxEndedJobs);
    expect(history.ended[0]?.id).toBe("job-10");
    expect(history.summaries).toEqual([
      {
        application: "postgresql",
        counts: { succeeded: 5, failed: 5 },
        lastSuccessAt: 1_800_000_008_000,
        lastFailureAt: 1_800_000_009_000,
        lastEndedAt: 1_800_000_009_000,
      },
    ]);
  });

  test("is cleared of ended jobs alone, of an application or of a time", () => {
    const old = { finishedAt: "2026-01-01T00:00:00Z" };
    const history = new History(
      [asked("open")],
      [
        ended("old", "failed", old),
        ended("other", "failed", old),
        { ...ended("mysql", "failed", old), application: "mysql" },
        ended("new"),
      ],
    );
    const left = (...filter: Parameters<History["cleared"]>): readonly string[] =>
      history.cleared(...filter).jobs.map(({ id }) => id);
    expect(left({})).toEqual(["open"]);
    expect(left({ application: "mysql" })).toEqual(["old", "other", "new", "open"]);
    expect(left({ before: new Date("2026-02-01T00:00:00Z") })).toEqual(["new", "open"]);
    expect(left({ before: new Date("2026-02-01T00:00:00Z"), application: "mysql" })).toEqual([
      "old",
      "other",
      "new",
      "open",
    ]);
    expect(history.cleared({}).cleared({})).toEqual(history.cleared({}));
  });

  test("says when it has room for no more", () => {
    const jobs = Array.from({ length: maxOpenJobs }, (_, number) => asked(`job-${number}`));
    expect(new History(jobs.slice(1)).hasRoom).toBe(true);
    expect(new History(jobs).hasRoom).toBe(false);
  });
});

describe("the history in its databag", () => {
  test("comes back as it was", () => {
    const restore = asked("r", {
      type: "restore",
      artefactPath: "20261120-020000F",
      restoreToTime: "latest",
      restoreTimeline: 3,
      startBefore: "2026-11-20T04:00:00.000Z",
      schedule: { name: "nightly", slot: "2026-11-20T02:00:00Z" },
      cancel: true,
      ownStorage: true,
    });
    const { backupType: _, ...expected } = restore;
    const history = new History(
      [expected],
      [ended("a", "succeeded", success), ended("b", "failed", failure)],
    );
    expect(kept(history)).toEqual(history);
  });

  property.prop([fc.array(anyJob, { maxLength: 20 })])("stays as it is once it was kept", (jobs) => {
    const once = kept(new History().with(jobs));
    expect(kept(once)).toEqual(once);
    expect(encodeHistory(once)).toEqual(encodeHistory(kept(once)));
  });

  property.prop([fc.array(anyJob, { maxLength: 20 })])(
    "does not change where the same is seen again, though it was cut",
    (jobs) => {
      const once = kept(new History().with(jobs));
      const again = new Map(jobs.map((job) => [recordKey(job), job.reports]));
      // An id may stand for two of the generated jobs; what is seen is then the last one's.
      if (again.size < jobs.length) return;
      expect(encodeHistory(once.observe(again))).toEqual(encodeHistory(once));
    },
  );

  property.prop([anyJob, fc.array(anyJob, { minLength: 1, maxLength: 8 }), longTexts])(
    "takes 256 KiB at most, with a hundred open jobs, the newest ended ones in full, and whatever was said",
    (open, jobs, longest) => {
      const { reports: _, ...request } = { ...open, application: longest };
      const atWork = said("running", { startedAt: "2026-11-20T02:00:03Z" }, "x".repeat(500));
      const many = Array.from({ length: maxOpenJobs }, (__, number) =>
        withReports({ ...request, id: `${number}-${"i".repeat(60)}` }, [atWork]),
      );
      const over = Array.from({ length: maxEndedJobs }, (__, number) => {
        const job = jobs[number % jobs.length] ?? open;
        const id = `${number}+${"i".repeat(60)}`;
        const storage = {
          endpoint: "e".repeat(63),
          bucket: "b".repeat(63),
          path: `${number}`.padStart(67, "p"),
        };
        const seen = [...job.reports, said("failed", failure)];
        return withReports({ ...job, id, application: longest, storage }, seen);
      });
      const summaries = Array.from({ length: 17 }, (__, number) => ({
        application: number === 16 ? "" : `${number}${longest}`,
        counts: Object.fromEntries(endPhases.map((phase) => [phase, Number.MAX_SAFE_INTEGER])),
        lastSuccessAt: 8.64e15,
        lastFailureAt: 8.64e15,
        lastEndedAt: 8.64e15,
      }));
      expect(bytesOf(new History(many, over, summaries))).toBeLessThanOrEqual(
        maxHistoryBytes - schedulesBytes,
      );
    },
  );

  property.prop([anyJob])("gives each record its own bound", (job) => {
    const isOver = isEnd(job.phase);
    const history = isOver ? new History([], [job]) : new History([job]);
    const written = encodeHistory(history)[isOver ? "ended" : "open"] ?? "";
    expect(Buffer.byteLength(written)).toBeLessThanOrEqual(
      (isOver ? recordBytes.ended : recordBytes.open) + 1,
    );
  });

  test("has room for what is said of a job as a rule", () => {
    const texts = (job: JobRecord): number =>
      bytesOf(
        new History(
          [],
          Array.from({ length: 400 }, (_, number) => ({
            ...job,
            id: `019376a5-5f2c-7c3e-9d40-${String(number).padStart(12, "0")}`,
          })),
        ),
      ) / 400;
    expect(texts(ended("a", "succeeded", success))).toBeLessThanOrEqual(256);
    expect(texts(ended("a", "failed", failure))).toBeLessThanOrEqual(512);
    expect(kept(new History([], [ended("a", "failed", failure)])).ended[0]?.reports[0]?.report).toMatchObject(
      failure,
    );
  });

  test.each([
    [{ format: "2" }, 'is written in format "2", and this version reads format 1'],
    [{ ended: "{}" }, "has no JSON list in its key ended"],
    [{ open: "[" }, "has no JSON list in its key open"],
  ])("that is %j is not taken for an empty one", (databag, why) => {
    expect(() => decodeHistory(databag, endpoint)).toThrow(PeerDatabagError);
    expect(() => decodeHistory(databag, endpoint)).toThrow(why);
  });

  test("tells the storage of each job, however much was said of it, and of the newest eight storages", () => {
    const at = (number: number): StorageLocation => ({
      endpoint: `https://s3-${number}.example.com`,
      bucket: "b".repeat(63),
      path: `/${"p".repeat(60)}`,
    });
    const long = { ...failure, message: "m".repeat(1_000), remedy: "r".repeat(1_000) };
    const jobs = Array.from({ length: 10 }, (_, number) => ({
      ...ended(`job-${number}`, "failed", long),
      storage: at(number),
    }));
    const history = new History([asked("open", { storage: at(9) })], jobs);
    expect(kept(history).ended.map(({ storage }) => storage)).toEqual([
      undefined,
      undefined,
      ...Array.from({ length: 8 }, (_, number) => at(number + 2)),
    ]);
    expect(kept(history).open[0]?.storage).toEqual(at(9));
  });

  test("counts in its summary what it does not keep, however many applications there are", () => {
    const jobs = Array.from({ length: 1_000 }, (_, number) => ({
      ...ended(`job-${number}`),
      application: `app-${number % 40}`,
    }));
    const history = new History().with(jobs);
    expect(countOf(history.summaries)).toBe(600);
    expect(history.summaries).toHaveLength(17);
  });
});
