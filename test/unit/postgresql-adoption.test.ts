/**
 * What becomes of a restore whose worker is gone, and of old data that is given up.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decideAdoption } from "../../provider/postgresql/checks/adoption.ts";
import {
  clearAway,
  isAside,
  moveAside,
  type Move,
} from "../../provider/postgresql/restore/data-directory.ts";
import { afterMovingBack } from "../../provider/postgresql/restore/restore-overlay.ts";

const yesNo = [true, false];

describe("a restore whose worker is gone", () => {
  it("goes on only where Patroni does, with the file that makes it, since the same start of the machine", () => {
    for (const isSameBoot of yesNo)
      for (const isPatroniRunning of yesNo)
        for (const isConfigured of yesNo) {
          const found = { isSameBoot, isPatroniRunning, isConfigured };
          expect(decideAdoption({ stage: "proven", ...found })).toBe("finish");
          expect(decideAdoption({ stage: "begun", ...found })).toBe(
            isSameBoot && isPatroniRunning && isConfigured ? "adopt" : "undo",
          );
        }
  });
});

describe("old data that is given up", () => {
  let folder: string;
  let moves: readonly Move[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "discard-"));
    moves = ["data", "it's a tablespace"].map((name): Move => {
      const from = join(folder, name);
      const anew = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o700 };
      return {
        from,
        to: `${from}.before-restore-7`,
        anew,
        discarded: { path: `${from}.failed`, inode: undefined },
      };
    });
    for (const { from } of moves) {
      await mkdir(from);
      await writeFile(join(from, "old"), from);
    }
    await moveAside(moves);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  async function run(command: string): Promise<number> {
    const [program, ...args] = afterMovingBack(moves, ["sh", "-c", command, "sh"]);
    return promisify(execFile)(program, args).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
  }

  it("is put where it was before pgBackRest begins, which then ends as Patroni sees it", async () => {
    expect(await isAside(moves)).toBe(true);
    const [data] = moves;
    expect(await run(`test -e '${data?.from}/old' || exit 9; exit 42`)).toBe(42);
    expect(await isAside(moves)).toBe(false);
    for (const { from } of moves) expect(await readFile(join(from, "old"), "utf8")).toBe(from);
  });

  it("stays aside where something stands in its place, and nothing is written over", async () => {
    const [data, tablespace] = moves;
    await writeFile(join(data?.from ?? "", "new"), "");
    expect(await run("exit 0")).not.toBe(0);
    expect(await isAside(moves)).toBe(true);
    // The data directory comes last, so that its being aside tells.
    expect(await readFile(join(data?.to ?? "", "old"), "utf8")).toBe(data?.from);
    expect(await readdir(tablespace?.from ?? "")).toEqual(["old"]);
  });

  it("is cleared away with what Patroni gave up on, before the next restore", async () => {
    expect(await run("exit 0")).toBe(0);
    const [data] = moves;
    await mkdir(`${data?.from}.failed`);
    await clearAway(moves);
    expect((await readdir(folder)).toSorted()).toEqual(["data", "it's a tablespace"]);
    for (const { from } of moves) expect(await readdir(from)).toEqual([]);
  });
});
