import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { endPhases, isEnd, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import {
  compactJournal,
  decodeRecord,
  encodeRecord,
  foldJournal,
  jobKey,
  keptEnds,
  nextFence,
  type JournalEntry,
  type JournalRecord,
} from "../../provider/journal.ts";

const relation = "database-backup:1";
const process = { pid: 7, startTime: "1234", bootId: "b-1" };

function request(id: string): BackupRequest {
  const storage = { bucket: "b", credentials: new Credentials("AKIACANARY", "secret-canary") };
  return { id, type: "backup", backupType: "full", compression: true, storage };
}

const started = (fence: number, id: string, of = relation): JournalRecord => ({
  record: "started",
  fence,
  relation: of,
  request: request(id),
});
const reached = (fence: number, phase: Phase): JournalRecord => ({
  record: "progress",
  fence,
  progress: { phase },
});
const ticket = (number: number, job: string, of = relation): JournalRecord => ({
  record: "ticket",
  ticket: number,
  relation: of,
  job,
});

/** Records as hooks and workers may write them: jobs are started in the order of fences, all else comes in between. */
const journals = fc
  .array(
    fc.record({
      what: fc.constantFrom("started", "started", "ticket", "progress", "progress", "progress", "spawned"),
      dice: fc.nat(1000),
      phase: fc.constantFrom<Phase>(...phasesAtWork, ...endPhases),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    const records: JournalRecord[] = [{ record: "incarnation", incarnation: "life" }];
    let [fences, tickets] = [0, 0];
    for (const { what, dice, phase } of steps) {
      const fence = 1 + (dice % Math.max(1, fences));
      const of = `database-backup:${dice % 2}`;
      if (what === "started") records.push(started(++fences, `job-${dice % 9}-${fences}`, of));
      else if (what === "ticket") records.push(ticket(++tickets, `job-${tickets}`, of));
      else if (what === "progress") records.push(reached(fence, phase));
      else records.push({ record: "spawned", fence, process: { ...process, pid: dice } });
    }
    return records;
  });

describe("what a journal says", () => {
  test("is nothing where it is empty", () => {
    const journal = foldJournal([]);
    expect(journal).toEqual({ entries: new Map(), tickets: new Map(), length: 0 });
    expect("incarnation" in journal).toBe(false);
    expect(nextFence(journal)).toBe(1);
  });

  test("is what its records say, in their order", () => {
    const journal = foldJournal([
      { record: "incarnation", incarnation: "first" },
      { record: "incarnation", incarnation: "second" },
      ticket(1, "a"),
      started(1, "a"),
      { record: "spawned", fence: 1, process },
      reached(1, "running"),
      started(2, "b", "database-backup:2"),
      reached(1, "succeeded"),
    ]);
    expect(journal.incarnation).toBe("first");
    expect(journal.tickets.get(jobKey(relation, "a"))).toEqual(ticket(1, "a"));
    expect([...journal.entries.values()]).toEqual([
      { fence: 1, relation, request: request("a"), process, progress: { phase: "succeeded" } },
      { fence: 2, relation: "database-backup:2", request: request("b"), progress: { phase: "starting" } },
    ]);
    expect(nextFence(journal)).toBe(3);
  });

  test("is the last of what is said of a job's progress and process", () => {
    const progress = { phase: "running", message: "half", progress: { percent: 50 } } as const;
    const journal = foldJournal([
      started(4, "a"),
      { record: "spawned", fence: 4, process },
      { record: "spawned", fence: 4, process: { ...process, pid: 8 } },
      reached(4, "running"),
      { record: "progress", fence: 4, progress },
    ]);
    expect(journal.entries.get(4)).toMatchObject({ progress, process: { pid: 8 } });
    expect(nextFence(journal)).toBe(5);
  });

  test.each(endPhases)("of a job that has %s is never anything else", (end) => {
    for (const phase of [...phasesAtWork, ...endPhases]) {
      const { entries } = foldJournal([started(1, "a"), reached(1, end), reached(1, phase)]);
      expect(entries.get(1)?.progress.phase).toBe(end);
    }
  });

  test("leaves out what belongs to no job that was started", () => {
    const { entries } = foldJournal([reached(1, "running"), { record: "spawned", fence: 1, process }]);
    expect(entries.size).toBe(0);
  });

  test("leaves out records that a later version may write", () => {
    const later = { record: "granted", fence: 1 } as unknown as JournalRecord;
    expect(foldJournal([later, started(1, "a")]).entries.size).toBe(1);
  });

  property.prop([journals, fc.nat(60)])("never takes an end back as it grows", (records, length) => {
    const before = foldJournal(records.slice(0, length));
    const after = foldJournal(records);
    for (const [fence, entry] of before.entries) {
      if (isEnd(entry.progress.phase)) expect(after.entries.get(fence)?.progress).toEqual(entry.progress);
    }
    expect(nextFence(after)).toBeGreaterThanOrEqual(nextFence(before));
  });

  test("does not mix up the jobs of two relations", () => {
    expect(jobKey("database-backup:1", "1 a")).not.toBe(
      jobKey("database-backup:1 1", "a").replace(" 1 ", " "),
    );
    const { tickets } = foldJournal([ticket(1, "a"), ticket(2, "a", "database-backup:2")]);
    expect([...tickets.values()].map((one) => one.ticket)).toEqual([1, 2]);
  });
});

describe("a shorter journal", () => {
  const idsOf = (records: readonly JournalRecord[]): readonly string[] =>
    records.flatMap((record) => (record.record === "started" ? [record.request.id] : []));

  test("keeps open jobs, standing requests and the newest ends", () => {
    const count = keptEnds + 10;
    const records: JournalRecord[] = [{ record: "incarnation", incarnation: "life" }];
    for (let fence = 1; fence <= count; fence += 1) {
      records.push(started(fence, `job-${fence}`), reached(fence, fence === 2 ? "running" : "failed"));
    }
    const short = compactJournal(foldJournal(records), new Set([jobKey(relation, "job-1")]));
    const expected = ["job-1", "job-2"];
    for (let fence = 11; fence <= count; fence += 1) expected.push(`job-${fence}`);
    expect(idsOf(short)).toEqual(expected);
    expect(short[0]).toEqual({ record: "incarnation", incarnation: "life" });
  });

  test("drops nothing while there are no more ends than it may keep", () => {
    const records = Array.from({ length: keptEnds }, (_, index) => [
      started(index + 1, `job-${index}`),
      reached(index + 1, "succeeded"),
    ]).flat();
    expect(idsOf(compactJournal(foldJournal(records), new Set()))).toHaveLength(keptEnds);
  });

  test("does not count what stands, or is open, among the ends that it keeps", () => {
    const records = Array.from({ length: 3 * keptEnds }, (_, index) => [
      started(index + 1, `job-${index}`),
      ...(index % 3 === 0 ? [] : [reached(index + 1, "cancelled")]),
    ]).flat();
    const standing = new Set(
      Array.from({ length: keptEnds }, (_, index) => jobKey(relation, `job-${index * 3 + 1}`)),
    );
    expect(idsOf(compactJournal(foldJournal(records), standing))).toHaveLength(3 * keptEnds);
  });

  test("keeps the tickets of standing requests alone, whether or not they have begun", () => {
    const records = [
      ticket(1, "gone"),
      ticket(2, "waits"),
      ticket(3, "waits", "database-backup:2"),
      started(1, "gone"),
    ];
    const short = compactJournal(foldJournal(records), new Set([jobKey(relation, "waits")]));
    expect(short.filter((record) => record.record === "ticket")).toEqual([ticket(2, "waits")]);
  });

  property.prop([journals, fc.subarray(Array.from({ length: 60 }, (_, index) => index + 1))])(
    "says the same of everything that it keeps",
    (records, standingFences) => {
      const whole = foldJournal(records);
      const keyOf = ({ relation: of, request: { id } }: JournalEntry): string => jobKey(of, id);
      const standing = new Set(
        standingFences.flatMap((fence) => {
          const entry = whole.entries.get(fence);
          return entry === undefined ? [] : [keyOf(entry)];
        }),
      );
      for (const key of [...whole.tickets.keys()].slice(0, standingFences.length)) standing.add(key);
      const short = foldJournal(compactJournal(whole, standing));

      expect(short.incarnation).toBe(whole.incarnation);
      expect(nextFence(short)).toBe(nextFence(whole));
      for (const [fence, entry] of short.entries) expect(entry).toEqual(whole.entries.get(fence));
      for (const [fence, entry] of whole.entries) {
        if (!isEnd(entry.progress.phase) || standing.has(keyOf(entry)))
          expect(short.entries.has(fence)).toBe(true);
      }
      for (const [key, kept] of whole.tickets) {
        expect(short.tickets.get(key)).toEqual(standing.has(key) ? kept : undefined);
      }
      expect(foldJournal(compactJournal(short, standing))).toEqual(short);
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
      fence: 1,
      progress: { phase: "failed", message: 'one\ntwo\r\n\u2028"three"' },
    };
    expect(encodeRecord(record)).not.toMatch(/[\n\r]/);
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  test.each(["", "{", '{"record":"ticket"', "no JSON"])("%j is none", (line) => {
    expect(() => decodeRecord(line)).toThrow(SyntaxError);
  });
});
