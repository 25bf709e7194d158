import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { endPhases, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { grantId, type Outcome } from "../../provider/coordination/peer-records.ts";
import {
  compactJournal,
  decodeRecord,
  encodeRecord,
  foldJournal,
  keptEnds,
  lastFence,
  outcomeOf,
  type JournalEntry,
  type JournalRecord,
} from "../../provider/journal/journal.ts";

const relation = "database-backup:1";
const lineage = "line";
const idOf = (fence: number): string => grantId({ lineage, fence });
const process = { pid: 7, startTime: "1234", bootId: "b-1" };

function request(id: string): BackupRequest {
  const storage = { bucket: "b", credentials: new Credentials("AKIACANARY", "secret-canary") };
  return { id, type: "backup", backupType: "full", compression: true, storage };
}

const started = (fence: number, job: string, of = relation): JournalRecord => ({
  record: "started",
  lineage,
  fence,
  relation: of,
  request: request(job),
});
const spawned = (fence: number, pid = process.pid): JournalRecord => ({
  record: "spawned",
  lineage,
  fence,
  process: { ...process, pid },
});
const reached = (fence: number, phase: Phase): JournalRecord => ({
  record: "progress",
  lineage,
  fence,
  progress: { phase },
});
const answered = (fence: number, job: string, outcome: Outcome, of = relation): JournalRecord => ({
  record: "answered",
  lineage,
  fence,
  relation: of,
  job,
  type: "backup",
  outcome,
});
const rejectedEnd: Outcome = { id: "a", type: "backup", phase: "rejected" };

/** Records as hooks and workers may write them: grants are taken up in the order of fences, all else comes in between. */
const journals = fc
  .array(
    fc.record({
      what: fc.constantFrom(
        "started",
        "started",
        "answered",
        "progress",
        "progress",
        "progress",
        "spawned",
        "cancel",
        "no-return",
        "leaving",
        "incarnation",
      ),
      dice: fc.nat(1000),
      phase: fc.constantFrom<Phase>(...phasesAtWork, ...endPhases),
      outcome: fc.constantFrom<Outcome>("declined", "withdrawn", rejectedEnd),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    const records: JournalRecord[] = [{ record: "incarnation", incarnation: "life" }];
    let fences = 0;
    for (const { what, dice, phase, outcome } of steps) {
      const fence = 1 + (dice % Math.max(1, fences));
      const of = `database-backup:${dice % 2}`;
      if (what === "started") records.push(started(++fences, `job-${dice % 9}-${fences}`, of));
      else if (what === "answered") records.push(answered(++fences, `job-${fences}`, outcome, of));
      else if (what === "progress") records.push(reached(fence, phase));
      else if (what === "spawned") records.push(spawned(fence, dice));
      else if (what === "incarnation") records.push({ record: what, incarnation: `life-${dice}` });
      else if (what === "leaving") records.push({ record: what, lineage, fence, unit: "pg/0" });
      else records.push({ record: what, lineage, fence });
    }
    return records;
  });

describe("what a journal says", () => {
  test("is nothing where it is empty", () => {
    const journal = foldJournal([]);
    expect(journal).toEqual({ entries: new Map(), length: 0 });
    expect("incarnation" in journal).toBe(false);
    expect(lastFence(journal)).toBe(0);
  });

  test("is that a job which was stopped ended because its unit goes away, unless somebody cancelled it", () => {
    const leaving: JournalRecord = { record: "leaving", lineage, fence: 1, unit: "pg/0" };
    const cancelled: JournalRecord = {
      record: "progress",
      lineage,
      fence: 1,
      progress: { phase: "cancelled", errorCode: "cancelled", message: "It was cancelled." },
    };
    const endOf = (...records: readonly JournalRecord[]): unknown =>
      foldJournal([started(1, "a"), ...records]).entries.get(idOf(1))?.progress;
    expect(endOf(leaving, cancelled)).toMatchObject({
      phase: "cancelled",
      errorCode: "unit-removed",
      message: expect.stringContaining("pg/0"),
    });
    const cancel: JournalRecord = { record: "cancel", lineage, fence: 1 };
    for (const before of [[cancel, leaving], [cancel], []])
      expect(endOf(...before, cancelled)).toMatchObject({ errorCode: "cancelled" });
    expect(endOf(leaving, reached(1, "succeeded"))).toEqual({ phase: "succeeded" });
  });

  test("is what its records say, in their order, and of the unit's lives the last counts", () => {
    const journal = foldJournal([
      { record: "incarnation", incarnation: "first" },
      started(1, "a"),
      spawned(1),
      reached(1, "running"),
      { record: "incarnation", incarnation: "second" },
      started(2, "b", "database-backup:2"),
      reached(1, "succeeded"),
    ]);
    expect(journal.incarnation).toBe("second");
    const flags = { lineage, type: "backup", cancelAsked: false, pastNoReturn: false };
    expect([...journal.entries]).toEqual([
      [
        idOf(1),
        {
          ...flags,
          fence: 1,
          relation,
          job: "a",
          request: request("a"),
          process,
          progress: { phase: "succeeded" },
        },
      ],
      [
        idOf(2),
        {
          ...flags,
          fence: 2,
          relation: "database-backup:2",
          job: "b",
          request: request("b"),
          progress: { phase: "starting" },
        },
      ],
    ]);
    expect(lastFence(journal)).toBe(2);
  });

  test("is the last of what is said of a job's progress and process", () => {
    const progress = { phase: "running", message: "half", progress: { percent: 50 } } as const;
    const journal = foldJournal([
      started(4, "a"),
      spawned(4),
      spawned(4, 8),
      reached(4, "running"),
      { record: "progress", lineage, fence: 4, progress },
    ]);
    expect(journal.entries.get(idOf(4))).toMatchObject({ progress, process: { pid: 8 } });
    expect(lastFence(journal)).toBe(4);
  });

  test("keeps when a job began, though whoever notes its end does not know", () => {
    const { entries } = foldJournal([
      started(1, "a"),
      { record: "progress", lineage, fence: 1, progress: { phase: "running", startedAt: "then" } },
      reached(1, "lost"),
    ]);
    expect(entries.get(idOf(1))?.progress).toEqual({ phase: "lost", startedAt: "then" });
  });

  test("is that a job was asked to stop, or cannot be stopped any more", () => {
    const { entries } = foldJournal([
      started(1, "a"),
      started(2, "b"),
      { record: "cancel", lineage, fence: 1 },
      { record: "no-return", lineage, fence: 2 },
    ]);
    expect(entries.get(idOf(1))).toMatchObject({ cancelAsked: true, pastNoReturn: false });
    expect(entries.get(idOf(2))).toMatchObject({ cancelAsked: false, pastNoReturn: true });
  });

  test.each<Outcome>(["declined", "withdrawn", rejectedEnd])(
    "of a grant answered with %j is never anything else",
    (outcome) => {
      const { entries } = foldJournal([answered(3, "a", outcome), spawned(3), reached(3, "succeeded")]);
      const [entry] = entries.values();
      expect(entry).toMatchObject({ job: "a", answer: outcome });
      expect(entry && outcomeOf(entry)).toEqual(outcome);
      expect(entry?.process).toBeUndefined();
      expect(entry && "request" in entry).toBe(false);
    },
  );

  test("keeps apart two lives of the application that count their fences alike", () => {
    const journal = foldJournal([
      started(1, "a"),
      { ...started(1, "b"), lineage: "other" } as JournalRecord,
      reached(1, "failed"),
    ]);
    expect([...journal.entries].map(([key, entry]) => [key, entry.job, entry.progress.phase])).toEqual([
      ["line-1", "a", "failed"],
      ["other-1", "b", "starting"],
    ]);
  });

  test.each(endPhases)("of a job that has %s is never anything else", (end) => {
    for (const phase of [...phasesAtWork, ...endPhases]) {
      const { entries } = foldJournal([started(1, "a"), reached(1, end), reached(1, phase)]);
      expect(entries.get(idOf(1))?.progress.phase).toBe(end);
    }
  });

  test("leaves out what belongs to no job that was started", () => {
    const { entries } = foldJournal([reached(1, "running"), spawned(1)]);
    expect(entries.size).toBe(0);
  });

  test("leaves out records that a later version may write", () => {
    const later = { record: "granted", fence: 1 } as unknown as JournalRecord;
    expect(foldJournal([later, started(1, "a")]).entries.size).toBe(1);
  });

  property.prop([journals, fc.nat(60)])("never takes an outcome back as it grows", (records, length) => {
    const before = foldJournal(records.slice(0, length));
    const after = foldJournal(records);
    for (const [key, entry] of before.entries) {
      const outcome = outcomeOf(entry);
      const now = after.entries.get(key);
      if (outcome !== undefined) expect(now && outcomeOf(now)).toEqual(outcome);
    }
    expect(lastFence(after)).toBeGreaterThanOrEqual(lastFence(before));
  });
});

describe("a shorter journal", () => {
  const jobsOf = (records: readonly JournalRecord[]): readonly string[] =>
    records.flatMap((record) => (record.record === "started" ? [record.request.id] : []));
  const nobody = (): boolean => false;

  test("keeps open jobs, standing requests and the newest ends", () => {
    const count = keptEnds + 10;
    const records: JournalRecord[] = [{ record: "incarnation", incarnation: "life" }];
    for (let fence = 1; fence <= count; fence += 1) {
      records.push(started(fence, `job-${fence}`), reached(fence, fence === 2 ? "running" : "failed"));
    }
    const short = compactJournal(foldJournal(records), ({ job }) => job === "job-1");
    const expected = ["job-1", "job-2"];
    for (let fence = 11; fence <= count; fence += 1) expected.push(`job-${fence}`);
    expect(jobsOf(short)).toEqual(expected);
    expect(short[0]).toEqual({ record: "incarnation", incarnation: "life" });
  });

  test("drops nothing while there are no more ends than it may keep", () => {
    const records = Array.from({ length: keptEnds }, (_, index) => [
      started(index + 1, `job-${index}`),
      reached(index + 1, "succeeded"),
    ]).flat();
    expect(jobsOf(compactJournal(foldJournal(records), nobody))).toHaveLength(keptEnds);
  });

  test("does not count what stands, or is open, among the ends that it keeps", () => {
    const records = Array.from({ length: 3 * keptEnds }, (_, index) => [
      started(index + 1, `job-${index}`),
      ...(index % 3 === 0 ? [] : [reached(index + 1, "cancelled")]),
    ]).flat();
    const standing = new Set(Array.from({ length: keptEnds }, (_, index) => `job-${index * 3 + 1}`));
    const short = compactJournal(foldJournal(records), ({ job }) => standing.has(job));
    expect(jobsOf(short)).toHaveLength(3 * keptEnds);
  });

  test("keeps answered grants as it keeps ended jobs", () => {
    const records = Array.from({ length: keptEnds + 2 }, (_, index) =>
      answered(index + 1, `job-${index + 1}`, "declined"),
    );
    const short = compactJournal(foldJournal(records), ({ fence }) => fence === 1);
    expect(short.map((record) => "fence" in record && record.fence)).toEqual([
      1,
      ...Array.from({ length: keptEnds }, (_, index) => index + 3),
    ]);
  });

  property.prop([journals, fc.subarray(Array.from({ length: 60 }, (_, index) => index + 1))])(
    "says the same of everything that it keeps",
    (records, fences) => {
      const whole = foldJournal(records);
      const isAskedFor = ({ fence }: JournalEntry): boolean => fences.includes(fence);
      const short = foldJournal(compactJournal(whole, isAskedFor));

      expect(short.incarnation).toBe(whole.incarnation);
      expect(lastFence(short)).toBe(lastFence(whole));
      for (const [key, entry] of short.entries) expect(entry).toEqual(whole.entries.get(key));
      for (const [key, entry] of whole.entries) {
        if (outcomeOf(entry) === undefined || isAskedFor(entry)) expect(short.entries.has(key)).toBe(true);
      }
      expect(foldJournal(compactJournal(short, isAskedFor))).toEqual(short);
    },
  );
});

describe("a line of a journal", () => {
  property.prop([journals])("is a record, read as it was written but for credentials", (records) => {
    const lines = records.map(encodeRecord);
    expect(lines.every((line) => !line.includes("\n") && line.endsWith("}"))).toBe(true);
    expect(lines.join("\n")).not.toMatch(/canary/i);
    const read = lines.map(decodeRecord);
    expect(JSON.stringify(read)).toBe(JSON.stringify(records));
    for (const record of read) {
      if (record.record === "started") expect(record.request.storage.credentials.present).toBe(false);
    }
    expect(read.map(encodeRecord)).toEqual(lines);
  });

  test("gives credentials that can be asked, and are empty", () => {
    const record = decodeRecord(encodeRecord(started(1, "a")));
    if (record.record !== "started") throw new Error("another record was read");
    expect(record.request.storage.credentials).toBeInstanceOf(Credentials);
    expect(record.request.storage.credentials.reveal()).toEqual({ accessKey: "", secretKey: "" });
    expect(record.request.storage.bucket).toBe("b");
  });

  test("keeps texts with line ends on one line", () => {
    const record: JournalRecord = {
      record: "progress",
      lineage,
      fence: 1,
      progress: { phase: "failed", message: 'one\ntwo\r\n\u2028"three"' },
    };
    expect(encodeRecord(record)).not.toMatch(/[\n\r]/);
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  test.each(["", "{", '{"record":"started"', "no JSON"])("%j is none", (line) => {
    expect(() => decodeRecord(line)).toThrow(SyntaxError);
  });
});
