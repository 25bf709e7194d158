import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { StorageError } from "../../lib/errors.ts";
import type { Executor, JobContext, JobResult } from "../../lib/executor.ts";
import type { JobProgress } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import { runJob, type JobRun } from "../../provider/worker/job-run.ts";

const storage = { bucket: "b", path: "/team/", credentials: new Credentials("AKIACANARY", "secret-canary") };
const backup: JobRequest = { id: "a", type: "backup", backupType: "full", compression: true, storage };
const restore: JobRequest = { id: "r", type: "restore", artefactPath: "/x/", compression: true, storage };
const done: JobResult = {
  succeeded: true,
  backupId: "label",
  artefactPath: "/team/backup/db/label/",
  recordFolder: "database-backup/db/label",
  sizeBytes: 7,
  timeline: 3,
};
const failure = { code: "disk-full", message: "The disk is full.", remedy: "Free some space." };

interface Run {
  readonly end: JobProgress;
  readonly recorded: readonly JobProgress[];
  readonly log: readonly string[];
  readonly stored: ReadonlyMap<string, string>;
}

/** A store to which a job's run does nothing but put. */
function storeWith(put: ArtefactStore["put"]): ArtefactStore {
  const unused = async (): Promise<never> => await Promise.reject(new Error("a run does not ask for this"));
  return { probe: async () => undefined, put, create: unused, get: unused, close: () => undefined };
}

/** Runs a job with an executor that does as it is told, and says all that came of it. */
async function runWith(executor: Partial<Executor>, changes: Partial<JobRun> = {}): Promise<Run> {
  const recorded: JobProgress[] = [];
  const log: string[] = [];
  const stored = new Map<string, string>();
  let ticks = 0;
  const end = await runJob({
    plannedUnits: 1,
    request: backup,
    fence: 9,
    executor: {
      preflight: async () => undefined,
      backup: async () => done,
      restore: async () => await Promise.reject(new Error("a backup was asked for")),
      ...executor,
    } as Executor,
    store: storeWith(async (key, text) => void stored.set(key, text)),
    signal: new AbortController().signal,
    defaultRecordFolder: "database-backup/db/default",
    now: () => `2026-03-01T10:00:0${ticks++}Z`,
    record: async (progress) => void recorded.push(progress),
    noReturn: async () => undefined,
    progress: () => undefined,
    log: (line) => void log.push(line),
    logText: async () => log.join("\n"),
    ...changes,
  });
  return { end, recorded, log, stored };
}

const phasesOf = ({ recorded }: Run): readonly string[] => recorded.map(({ phase }) => phase);

describe("a job that succeeds", () => {
  test("goes through its phases, and ends with what came of it", async () => {
    const run = await runWith({
      backup: async (_, context) => {
        context.finalizing();
        return done;
      },
    });
    expect(phasesOf(run)).toEqual(["starting", "running", "finalizing", "succeeded"]);
    expect(run.recorded.every(({ startedAt }) => startedAt === run.end.startedAt)).toBe(true);
    expect(run.recorded.at(-1)).toBe(run.end);
    expect(run.end).toEqual({
      phase: "succeeded",
      startedAt: "2026-03-01T10:00:00Z",
      finishedAt: expect.stringMatching(/^2026-/) as unknown,
      logPath: "/team/database-backup/db/label/",
      backupId: "label",
      artefactPath: "/team/backup/db/label/",
      sizeBytes: 7,
      timeline: 3,
      progress: { percent: 100 },
    });
  });

  test("is given its context, and asked for what it is", async () => {
    const calls: unknown[] = [];
    const note = (name: string) => async (request: JobRequest, context: JobContext) => {
      calls.push([name, request.id, context.fence]);
      context.progress({ percent: 5 });
      context.log("a line");
      await context.pointOfNoReturn();
      return done;
    };
    const progress: unknown[] = [];
    const run = await runWith(
      { backup: note("backup"), restore: note("restore") },
      { request: restore, progress: (far) => void progress.push(far) },
    );
    expect(calls).toEqual([["restore", "r", 9]]);
    expect(progress).toEqual([{ percent: 5 }]);
    expect(run.log).toContain("a line");
    expect(run.end.phase).toBe("succeeded");
  });

  test("leaves its log and its record beside the artefact, without credentials", async () => {
    const run = await runWith({ backup: async (_, context) => (context.log("copied"), done) });
    expect([...run.stored.keys()].toSorted()).toEqual([
      "database-backup/db/label/job.json",
      "database-backup/db/label/job.log",
    ]);
    expect(run.stored.get("database-backup/db/label/job.log")).toContain("copied");
    expect(JSON.parse(run.stored.get("database-backup/db/label/job.json") ?? "")).toMatchObject({
      "job-id": "a",
      "job-type": "backup",
      fence: 9,
      succeeded: true,
      backupId: "label",
    });
    expect(JSON.stringify([...run.stored, run.recorded, run.log])).not.toMatch(/canary/i);
  });

  test("stays a success with a warning where the log cannot be uploaded", async () => {
    const put = async (): Promise<void> =>
      await Promise.reject(new StorageError("The bucket refuses writes.", { remedy: "Let it." }));
    const store = storeWith(put);
    const plain = await runWith({}, { store });
    expect(plain.end).toMatchObject({
      phase: "succeeded",
      backupId: "label",
      message: "The job's log could not be uploaded: The bucket refuses writes.",
    });
    expect(plain.end).not.toHaveProperty("logPath");
    expect(plain.end).not.toHaveProperty("errorCode");
    const warned = await runWith(
      { backup: async () => ({ ...done, warning: "One file was skipped." }) },
      { store },
    );
    expect(warned.end.message).toMatch(/^One file was skipped\. The job's log could not be uploaded: /);
  });

  test.each([
    ["backup", backup],
    ["restore", restore],
  ])("says which fields of the storage had no effect: %s", async (_, request) => {
    const run = await runWith(
      {
        ignoredStorageFields: { "storage-class": "there is one class" },
        backup: async () => ({ ...done, warning: "One file was skipped." }),
        restore: async () => ({ ...done, warning: "One file was skipped." }),
      },
      {
        request: {
          ...request,
          storage: { ...storage, storageClass: "COLD", attributes: ["a: b"], unknownFields: ["proxy"] },
        },
      },
    );
    const warnings = [
      "storage-config.storage-class is ignored: there is one class.",
      "storage-config.proxy is ignored: the interface s3 has no such field.",
    ];
    expect(run.end).toMatchObject({
      phase: "succeeded",
      message: [...warnings, "One file was skipped."].join(" "),
    });
    expect(run.log).toEqual(warnings.map((warning) => `WARN: ${warning}`));
    expect(run.stored.get("database-backup/db/label/job.log")).toContain(warnings[0]);
  });

  test("stays a success though it was cancelled too late", async () => {
    const run = await runWith({}, { signal: AbortSignal.abort() });
    expect(run.end.phase).toBe("succeeded");
  });
});

describe("a job that does not", () => {
  test("begin is rejected, and the executor not asked to run it", async () => {
    const run = await runWith({
      preflight: async () => failure,
      backup: async () => await Promise.reject(new Error("it was asked all the same")),
    });
    expect(phasesOf(run)).toEqual(["starting", "rejected"]);
    expect(run.end).toMatchObject({
      phase: "rejected",
      errorCode: "disk-full",
      message: failure.message,
      remedy: failure.remedy,
    });
    expect(run.log.join("\n")).toContain(failure.message);
    expect(run.end.logPath).toBe("/team/database-backup/db/default/");
  });

  test("begin because looking for trouble crashed is rejected too", async () => {
    const run = await runWith({ preflight: async () => await Promise.reject(new Error("boom")) });
    expect(run.end).toMatchObject({ phase: "rejected", errorCode: "executor-crashed" });
    expect(run.end.message).toContain("before it began: boom");
  });

  test("succeed fails with the executor's own words", async () => {
    const run = await runWith({
      backup: async () => ({ succeeded: false, failure, recordFolder: "database-backup/db/x" }),
    });
    expect(phasesOf(run)).toEqual(["starting", "running", "failed"]);
    expect(run.end).toMatchObject({
      errorCode: "disk-full",
      message: failure.message,
      remedy: failure.remedy,
    });
    expect(run.end.logPath).toBe("/team/database-backup/db/x/");
    expect(run.log.join("\n")).toContain("Failed: The disk is full.");
    expect(run.end).not.toHaveProperty("backupId");
  });

  test("return fails as a crash of the executor", async () => {
    const run = await runWith({
      backup: async () => await Promise.reject(new TypeError("x is not a function")),
    });
    expect(run.end).toMatchObject({
      phase: "failed",
      errorCode: "executor-crashed",
      message: "The executor failed unexpectedly: x is not a function",
    });
    expect(run.end.remedy).toMatch(/author of the charm/);
  });

  test("return, but says why with an error of this library, keeps its words", async () => {
    const error = new StorageError("The bucket is gone.", { remedy: "Create it." });
    const run = await runWith({ backup: async () => await Promise.reject(error) });
    expect(run.end).toMatchObject({
      phase: "failed",
      errorCode: "storage-failed",
      message: "The bucket is gone.",
      remedy: "Create it.",
    });
  });

  test("go on after an abort is cancelled", async () => {
    const stop = new AbortController();
    const run = await runWith(
      {
        backup: async (_, { signal }) => {
          stop.abort();
          return signal.aborted ? { succeeded: false, failure } : done;
        },
      },
      { signal: stop.signal },
    );
    expect(phasesOf(run)).toEqual(["starting", "running", "cancelled"]);
  });

  test("fail twice over where its log cannot be uploaded", async () => {
    const store = storeWith(async () => await Promise.reject(new Error("no route")));
    const run = await runWith({ backup: async () => ({ succeeded: false, failure }) }, { store });
    expect(run.end).toMatchObject({ phase: "failed", errorCode: "disk-full", message: failure.message });
    expect(run.end).not.toHaveProperty("logPath");
    expect(run.log.join("\n")).toContain("no route");
  });
});

describe("what is recorded", () => {
  test("is kept one after the other, and the end last, however long it takes", async () => {
    const kept: string[] = [];
    let under = 0;
    const run = await runWith(
      { backup: async (_, context) => (context.finalizing(), done) },
      {
        record: async ({ phase }) => {
          under += 1;
          expect(under).toBe(1);
          await sleep(phase === "starting" ? 30 : 1);
          under -= 1;
          kept.push(phase);
        },
      },
    );
    expect(kept).toEqual(["starting", "running", "finalizing", "succeeded"]);
    expect(run.end.phase).toBe("succeeded");
  });

  test("may be lost for a moment: a good backup stays one, and its end is kept", async () => {
    const kept: string[] = [];
    const run = await runWith(
      { backup: async (_, context) => (context.finalizing(), await sleep(5), done) },
      {
        record: async ({ phase }) => {
          if (phase === "running" || phase === "finalizing") throw new Error("ENOSPC");
          kept.push(phase);
        },
      },
    );
    expect(run.end.phase).toBe("succeeded");
    expect(kept).toEqual(["starting", "succeeded"]);
    expect(run.log.join("\n")).toContain("ENOSPC");
  });
});
