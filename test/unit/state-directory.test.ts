import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JournalError } from "../../lib/errors.ts";
import { nodeMachine } from "../../lib/machine/node-machine.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { grantId } from "../../provider/coordination/peer-records.ts";
import { encodeRecord, type JournalRecord, type JournalState } from "../../provider/journal/journal.ts";
import { StateDirectory } from "../../provider/journal/state-directory.ts";

let parent: string;
let state: StateDirectory;
let journalFile: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "state-directory-"));
  state = new StateDirectory(join(parent, "postgresql-0"), nodeMachine);
  journalFile = join(state.path, "journal.jsonl");
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const lineage = "line";
const id = (fence: number): string => grantId({ lineage, fence });
const process = { pid: 7, startTime: "1234", bootId: "b-1" };
const started = (fence: number): JournalRecord => ({
  record: "started",
  lineage,
  fence,
  relation: "database-backup:1",
  request: {
    id: `job-${fence}`,
    type: "backup",
    backupType: "full",
    compression: true,
    storage: { bucket: "b", credentials: new Credentials("AKIACANARY", "secret-canary") },
  },
});
const progress = (fence: number, percent: number): JournalRecord => ({
  record: "progress",
  lineage,
  fence,
  progress: { phase: "running", message: 'é 😀 "}"', progress: { percent } },
});
const failed = (fence: number): JournalRecord => ({
  record: "progress",
  lineage,
  fence,
  progress: { phase: "failed" },
});

function summary({ entries }: JournalState): unknown {
  return [...entries.values()].map(({ fence, progress: { phase, progress: far } }) => [
    fence,
    phase,
    far?.percent,
  ]);
}

async function errorOf(action: () => Promise<unknown>): Promise<JournalError> {
  const thrown = await action().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof JournalError)) throw new Error(`no JournalError: ${String(thrown)}`);
  return thrown;
}

describe("a state directory", () => {
  test("is created when it is opened, and begun once", async () => {
    const first = await state.open();
    expect(first.incarnation).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.entries.size).toBe(0);
    expect((await state.open()).incarnation).toBe(first.incarnation);
    expect(await readdir(state.path)).toEqual(
      expect.arrayContaining(["executor", "journal.jsonl", "logs", "workers"]),
    );
    expect((await readFile(journalFile, "utf8")).trim().split("\n")).toHaveLength(1);
  });

  test("keeps what is appended, without credentials", async () => {
    await state.open();
    for (const record of [started(1), progress(1, 10), started(2), failed(1)]) await state.append(record);
    const reopened = await new StateDirectory(state.path, nodeMachine).open();
    expect(summary(reopened)).toEqual([
      [1, "failed", undefined],
      [2, "starting", undefined],
    ]);
    expect(await readFile(journalFile, "utf8")).not.toMatch(/canary/i);
  });

  test("keeps every record of writers that write at the same time", async () => {
    await state.open();
    const fences = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(
      fences.map(async (fence) => await new StateDirectory(state.path, nodeMachine).append(started(fence))),
    );
    expect([...(await state.open()).entries.keys()].toSorted()).toEqual(fences.map(id).toSorted());
  });

  test("that cannot be written is an error that says what to do", async () => {
    const file = join(parent, "file");
    await writeFile(file, "");
    const below = new StateDirectory(join(file, "postgresql-0"), nodeMachine);
    for (const action of [
      async () => await below.open(),
      async () => await below.append(started(1)),
      async () => await below.beginIncarnation(),
      async () => await below.enterWorker(id(1), { nobody: true }),
    ]) {
      const error = await errorOf(action);
      expect(error.message).toContain(below.path);
      expect(error.message).toContain("ENOTDIR");
      expect(error.remedy).toMatch(/^Check the disk's free space/);
    }
  });
});

describe("a journal whose last record was cut short", () => {
  const kept = [started(1), progress(1, 10)];
  const cases: readonly [string, JournalRecord][] = [
    ["an end", failed(1)],
    ["a progress", progress(1, 50)],
    ["a start", started(2)],
    ["a process", { record: "spawned", lineage, fence: 1, process }],
    [
      "an answer",
      {
        record: "answered",
        lineage,
        fence: 2,
        relation: "database-backup:1",
        job: "a",
        type: "backup",
        outcome: "declined",
      },
    ],
  ];

  test.each(cases)(
    "of %s, at any byte, has it not, and takes the next one",
    { timeout: 60_000 },
    async (_, last) => {
      await state.open();
      for (const record of kept) await state.append(record);
      const whole = await readFile(journalFile);
      const before = await state.open();
      const line = Buffer.from(`${encodeRecord(last)}\n`);
      for (let bytes = 0; bytes < line.length; bytes += 1) {
        await writeFile(journalFile, Buffer.concat([whole, line.subarray(0, bytes)]));
        expect(await state.open(), `cut after ${bytes} bytes`).toEqual(before);
        await state.append(started(3));
        const after = await state.open();
        expect(after.entries.get(id(3))?.job, `appended after ${bytes} bytes`).toBe("job-3");
        expect(new Map([...after.entries].filter(([grant]) => grant !== id(3)))).toEqual(before.entries);
      }
    },
  );

  test("more than once, or to nothing but zeros, is still read", async () => {
    const { incarnation } = await state.open();
    for (const [index, torn] of [
      '{"record":"started"',
      "\0\0\0\0",
      '{"record":"spawned","process":{}',
      "{",
    ].entries()) {
      await writeFile(journalFile, Buffer.concat([await readFile(journalFile), Buffer.from(torn)]));
      await state.append(started(index + 1));
    }
    expect([...(await state.open()).entries.keys()]).toEqual([1, 2, 3, 4].map(id));
    expect((await state.open()).incarnation).toBe(incarnation);
  });

  test("in its very first record is begun anew", async () => {
    await mkdir(state.path);
    await writeFile(journalFile, '{"record":"incarn');
    const { incarnation } = await state.open();
    expect(incarnation).toMatch(/^[0-9a-f-]{36}$/);
    expect((await state.open()).incarnation).toBe(incarnation);
  });
});

describe("a journal that is damaged before its end", () => {
  test.each([
    ['{"record":"started","fence":1}', 2],
    ['{"record":"progress",###}', 2],
    ["nonsense}", 2],
    ['{"record":"started","fe', 2],
  ])("by %s is an error that names the line and says what to do", async (line, number) => {
    await state.open();
    const [first = ""] = (await readFile(journalFile, "utf8")).split("\n");
    await writeFile(journalFile, `${first}\n${line}\n${encodeRecord(started(2))}\n`);
    const error = await errorOf(async () => await state.open());
    expect(error.message).toBe(`The journal ${journalFile} is damaged in line ${number}.`);
    expect(error.remedy).toContain("move the file away");
  });

  test("can be moved away: another life begins, and who was barred stays barred", async () => {
    const { incarnation } = await state.open();
    expect(await state.enterWorker(id(1), { nobody: true })).toBe(true);
    await rm(journalFile);
    const begun = await state.open();
    expect(begun.entries.size).toBe(0);
    expect(begun.incarnation).not.toBe(incarnation);
    expect(await state.enterWorker(id(1), { process })).toBe(false);
    expect(await state.enterWorker(grantId({ lineage: "other", fence: 1 }), { process })).toBe(true);
  });
});

describe("the entry of a worker", () => {
  test("is made once, whoever tries at the same time", async () => {
    await state.open();
    const pids = [1, 2, 3, 4, 5, 6, 7, 8];
    const made = await Promise.all(
      pids.map(
        async (pid) =>
          await new StateDirectory(state.path, nodeMachine).enterWorker(id(5), {
            process: { ...process, pid },
          }),
      ),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await state.workerEntry(id(5))).toEqual({
      process: { ...process, pid: pids[made.indexOf(true)] },
    });
    expect(await readdir(join(state.path, "workers"))).toEqual(["line-5.json"]);
  });

  test("bars who comes late", async () => {
    await state.open();
    expect(await state.enterWorker(id(1), { nobody: true })).toBe(true);
    expect(await state.enterWorker(id(1), { process })).toBe(false);
    expect(await state.workerEntry(id(1))).toEqual({ nobody: true });
    expect(await state.workerEntry(id(2))).toBeUndefined();
    expect(await state.enterWorker(id(2), { process })).toBe(true);
  });
});

describe("a new life of the unit", () => {
  test("keeps what the disk remembers of the one before", async () => {
    const { incarnation } = await state.open();
    await state.append(started(1));
    await state.enterWorker(id(1), { process });
    await state.beginIncarnation();
    const begun = await state.open();
    expect(begun.incarnation).not.toBe(incarnation);
    expect([...begun.entries.keys()]).toEqual([id(1)]);
    expect(await state.workerEntry(id(1))).toEqual({ process });
    expect((await state.open()).incarnation).toBe(begun.incarnation);
  });

  test("needs no former one", async () => {
    await state.beginIncarnation();
    expect((await state.open()).entries.size).toBe(0);
  });
});

describe("compacting", () => {
  test("replaces the journal, and removes the files of jobs that are not kept", async () => {
    const { incarnation = "" } = await state.open();
    const lines = Array.from({ length: 600 }, (_, index) => `${encodeRecord(progress(1, index))}\n`);
    await writeFile(
      journalFile,
      `${encodeRecord({ record: "incarnation", incarnation })}\n${lines.join("")}`,
    );
    for (const fence of [1, 2, 12]) {
      await state.enterWorker(id(fence), { process });
      await state.log(id(fence), "line\n");
    }
    await state.compact([{ record: "incarnation", incarnation }, started(2), failed(2)]);
    const journal = await state.open();
    expect(journal.incarnation).toBe(incarnation);
    expect(summary(journal)).toEqual([[2, "failed", undefined]]);
    expect(await readdir(join(state.path, "workers"))).toEqual(["line-2.json"]);
    expect(await readdir(join(state.path, "logs"))).toEqual(["line-2.log"]);
    await state.append(started(3));
    expect([...(await state.open()).entries.keys()]).toEqual([2, 3].map(id));
  });
});

describe("what is kept beside the journal", () => {
  test("is the progress of the running job, the last one noted", async () => {
    await state.open();
    expect(await state.liveProgress()).toBeUndefined();
    await state.noteProgress({ grant: id(1), progress: { percent: 10 } });
    await state.noteProgress({ grant: id(1), progress: { percent: 20, bytesDone: 2 } });
    expect(await state.liveProgress()).toEqual({ grant: id(1), progress: { percent: 20, bytesDone: 2 } });
  });

  test("is the last list of backups, also an empty one", async () => {
    await state.open();
    expect(await state.keptBackups()).toBeUndefined();
    await state.keepBackups([]);
    expect(await state.keptBackups()).toEqual([]);
  });

  test("is what came of a revocation, and which storage was tried out last", async () => {
    await state.open();
    expect(await state.revocation(id(1))).toBeUndefined();
    expect(await state.storageProbe()).toBeUndefined();
    await state.keepRevocation(id(1), { revoked: false });
    await state.keepRevocation(id(2), { revoked: true });
    await state.keepProbe({ storage: "s", keepsFences: true });
    expect(await state.revocation(id(1))).toEqual({ revoked: false });
    expect(await state.revocation(id(2))).toEqual({ revoked: true });
    expect(await state.storageProbe()).toEqual({ storage: "s", keepsFences: true });
  });

  test("is what would stand in the databags of a peer relation", async () => {
    await state.open();
    expect(await state.peerDatabags()).toBeUndefined();
    const databags = { unit: { unit: "{}" }, application: { fence: "1" } };
    await state.keepPeerDatabags(databags);
    expect(await new StateDirectory(state.path, nodeMachine).peerDatabags()).toEqual(databags);
  });

  test("counts as none where it was cut short", async () => {
    await state.open();
    await writeFile(join(state.path, "progress.json"), '{"fence":1,"prog');
    await writeFile(join(state.path, "backups.json"), "");
    expect(await state.liveProgress()).toBeUndefined();
    expect(await state.keptBackups()).toBeUndefined();
    await writeFile(join(state.path, "storage-probe.json"), '{"storage":');
    expect(await state.storageProbe()).toBeUndefined();
  });
});
