import { describe, expect, test } from "vitest";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { ProcessIdentity } from "../../lib/machine/machine.ts";
import { foldJournal, type JournalRecord } from "../../provider/journal/journal.ts";
import { readLiveJournal } from "../../provider/journal/live-journal.ts";
import type { WorkerEntry } from "../../provider/journal/state-directory.ts";

const request: JobRequest = {
  id: "job",
  type: "backup",
  backupType: "full",
  compression: true,
  storage: { bucket: "b", credentials: new Credentials("", "") },
};
const lineage = "line";
const worker: ProcessIdentity = { pid: 1, startTime: "1", bootId: "b" };
const started: JournalRecord = {
  record: "started",
  lineage,
  fence: 1,
  relation: "database-backup:1",
  request,
};
const spawned: JournalRecord = { record: "spawned", lineage, fence: 1, process: worker };
const succeeded: JournalRecord = { record: "progress", lineage, fence: 1, progress: { phase: "succeeded" } };

/** A state directory with these records, to which the world may add. */
function stateWith(records: JournalRecord[], entry?: WorkerEntry) {
  return {
    open: () => Promise.resolve(foldJournal(records)),
    workerEntry: () => Promise.resolve(entry),
  };
}

describe("a journal with its processes", () => {
  test("counts a job as worked on while its process runs", async () => {
    const { running } = await readLiveJournal(stateWith([started, spawned]), () => Promise.resolve(true));
    expect([...running]).toEqual(["line-1"]);
  });

  test("knows a worker that only entered itself, because its hook died", async () => {
    const state = stateWith([started], { process: worker });
    expect([...(await readLiveJournal(state, () => Promise.resolve(true))).running]).toEqual(["line-1"]);
  });

  test("looks for nobody's process once a grant was answered or a job has ended", async () => {
    const answered: JournalRecord = {
      record: "answered",
      lineage,
      fence: 2,
      relation: "database-backup:1",
      job: "other",
      type: "backup",
      outcome: "declined",
    };
    const looked: ProcessIdentity[] = [];
    const state = stateWith([started, spawned, succeeded, answered], { process: worker });
    const { running } = await readLiveJournal(state, (identity) => {
      looked.push(identity);
      return Promise.resolve(true);
    });
    expect([...running]).toEqual([]);
    expect(looked).toEqual([]);
  });

  test("finds a job whose process is gone without a result", async () => {
    const state = stateWith([started, spawned], { nobody: true });
    const { journal, running } = await readLiveJournal(state, () => Promise.resolve(false));
    expect([...running]).toEqual([]);
    expect(journal.entries.get("line-1")?.progress.phase).toBe("starting");
  });

  test("sees the result of a worker that ends between the two looks, so that nobody cleans up after it", async () => {
    const records: JournalRecord[] = [started, spawned];
    const { journal } = await readLiveJournal(stateWith(records), () => {
      records.push(succeeded);
      return Promise.resolve(false);
    });
    expect(journal.entries.get("line-1")?.progress.phase).toBe("succeeded");
  });
});
