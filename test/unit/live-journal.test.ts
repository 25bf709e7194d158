import { describe, expect, test } from "vitest";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { ProcessIdentity } from "../../lib/machine/machine.ts";
import { foldJournal, type JournalRecord } from "../../provider/journal.ts";
import { readLiveJournal } from "../../provider/live-journal.ts";
import type { WorkerEntry } from "../../provider/state-directory.ts";

const request: JobRequest = {
  id: "job",
  type: "backup",
  backupType: "full",
  compression: true,
  storage: { bucket: "b", credentials: new Credentials("", "") },
};
const worker: ProcessIdentity = { pid: 1, startTime: "1", bootId: "b" };
const started: JournalRecord = { record: "started", fence: 1, relation: "database-backup:1", request };
const spawned: JournalRecord = { record: "spawned", fence: 1, process: worker };
const succeeded: JournalRecord = { record: "progress", fence: 1, progress: { phase: "succeeded" } };

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
    expect([...running]).toEqual([1]);
  });

  test("knows a worker that only entered itself, because its hook died", async () => {
    const state = stateWith([started], { process: worker });
    expect([...(await readLiveJournal(state, () => Promise.resolve(true))).running]).toEqual([1]);
  });

  test("finds a job whose process is gone without a result", async () => {
    const state = stateWith([started, spawned], { nobody: true });
    const { journal, running } = await readLiveJournal(state, () => Promise.resolve(false));
    expect([...running]).toEqual([]);
    expect(journal.entries.get(1)?.progress.phase).toBe("starting");
  });

  test("sees the result of a worker that ends between the two looks, so that nobody cleans up after it", async () => {
    const records: JournalRecord[] = [started, spawned];
    const { journal } = await readLiveJournal(stateWith(records), () => {
      records.push(succeeded);
      return Promise.resolve(false);
    });
    expect(journal.entries.get(1)?.progress.phase).toBe("succeeded");
  });
});
