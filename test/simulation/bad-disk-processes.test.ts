import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmdirSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errnoOf } from "../../lib/process/errno.ts";
import { charmWithDispatch } from "./charm-with-dispatch.ts";
import { database, ScriptedModel } from "./scripted-model.ts";
import { until } from "./until.ts";

/** Something that is wrong with the disk for a while. */
interface Trouble {
  begin(): Promise<void>;
  end(): Promise<void>;
}

let model: ScriptedModel;

async function succeedsAfterwards(): Promise<void> {
  await model.juju.updateStatus(database);
  await model.reportIn(await model.requestBackup(), "succeeded");
  await until("the unit is idle", () => model.status().name === "active" || undefined);
}

async function sayBlocked(errno: string): Promise<void> {
  await until("the unit is Blocked", async () => {
    await model.juju.updateStatus(database);
    await model.juju.settle();
    return model.status().name === "blocked" || undefined;
  });
  expect(model.status().message).toContain(`(${errno})`);
  const { message = "" } = model.juju.log().findLast(({ level }) => level === "ERROR") ?? {};
  expect(message).toMatch(/^The state directory \S+ could not be .+ Check the disk's free space.+\.$/);
}

async function expectBlockedAndRunAfterwards(trouble: Trouble, errno: string): Promise<void> {
  const done = await model.requestBackup();
  await model.reportIn(done, "succeeded");
  await trouble.begin();
  const id = await model.requestBackup();
  await sayBlocked(errno);
  expect(await model.jobIn(done, "succeeded")).toMatchObject({ "job-id": done });
  await trouble.end();
  await model.juju.updateStatus(database);
  await model.reportIn(id, "succeeded");
  await succeedsAfterwards();
}

async function expectGoodBackupKept(trouble: Trouble, goOn: string): Promise<void> {
  await model.script({ jobs: { "*": { progress: [10], waitFor: goOn } } });
  const id = await model.requestBackup();
  await model.reportIn(id, "running");
  await trouble.begin();
  await model.release(goOn);
  // The record is stored last: from then on the worker has nothing left to do but to write the end down.
  const folder = join(model.directory, "store/backups/database/database-backup/database");
  await until("the job's record is in the store", async () => {
    const names = await readdir(folder, { recursive: true });
    return names.filter((name) => name.endsWith("job.log")).length >= made() || undefined;
  });
  await model.juju.updateStatus(database);
  await model.juju.settle();
  // The last block of the journal may have had room for the end.
  expect(["running", "succeeded"]).toContain(
    model.reports().find((report) => report["job-id"] === id)?.["phase"],
  );
  await trouble.end();
  await model.reportIn(id, "succeeded");
  await model.script({});
  await succeedsAfterwards();
}

/** How many backups were made. */
function made(): number {
  return model.reports().length;
}

describe("a directory that may not be written", () => {
  beforeAll(async () => {
    model = await ScriptedModel.start(1, async (charm, program, directory) => {
      if (charm.includes("manager")) return charm;
      // To root without this right, the modes of files mean what they mean to others.
      const asOthers =
        process.getuid?.() === 0
          ? "setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search "
          : "";
      const script = `exec ${asOthers}node "${resolve(charm, program)}"`;
      return await charmWithDispatch(charm, join(directory, "charm"), script);
    });
  });
  afterAll(async () => {
    await model.stop();
  });

  const closed = (...paths: readonly string[]): Trouble => {
    const change = (mode: number, fileMode: number): void => {
      for (const path of paths) {
        const file = join(model.directory, "state/database-0", path);
        chmodSync(file, path.endsWith(".jsonl") ? fileMode : mode);
      }
    };
    return { begin: async () => change(0o555, 0o444), end: async () => change(0o755, 0o644) };
  };

  test("before a job: the unit is Blocked, and runs it afterwards", async () => {
    await expectBlockedAndRunAfterwards(closed("journal.jsonl", "workers", "logs", ""), "EACCES");
  });

  test("during a job: a good backup is not lost", async () => {
    await expectGoodBackupKept(closed("journal.jsonl", "logs", ""), "go-on");
  });
});

/** Mounts a small file system, which containers often forbid. */
function mounts(directory: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]).status === 0;
}

const place = mkdtempSync(join(tmpdir(), "may-mount-"));
const mayMount = mounts(place);
if (mayMount) spawnSync("umount", [place]);
rmdirSync(place);

// Without that right there is no real disk to fill; the disk in memory is filled all the same.
describe.each(mayMount ? ["a file system of 256 KiB"] : [])("%s that is full", () => {
  const state = (): string => join(model.directory, "state");
  const filler = (): string => join(state(), "filler");
  beforeAll(async () => {
    model = await ScriptedModel.start(1, async (charm, _program, directory) => {
      if (charm.includes("manager")) return charm;
      expect(mounts(join(directory, "state"))).toBe(true);
      return charm;
    });
  });
  afterAll(async () => {
    const { found } = await model.scan();
    spawnSync("umount", ["--lazy", state()]);
    await model.stop();
    expect(found).toEqual([]);
  });

  const full: Trouble = {
    begin: async () => {
      const error: unknown = await writeFile(filler(), Buffer.alloc(1024 * 1024)).catch(
        (thrown: unknown) => thrown,
      );
      expect(errnoOf(error)).toBe("ENOSPC");
    },
    end: async () => await rm(filler()),
  };

  test("before a job: the unit is Blocked, and runs it afterwards", async () => {
    await expectBlockedAndRunAfterwards(full, "ENOSPC");
  });

  test("during a job: a good backup is not lost", async () => {
    await expectGoodBackupKept(full, "go-on-full");
  });
});
