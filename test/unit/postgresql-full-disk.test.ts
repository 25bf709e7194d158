/**
 * A restore that fails because a disk is full: how that is recognised, and what makes room again.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fc } from "@fast-check/vitest";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  moveAside,
  removeRestored,
  standingAside,
  type Move,
} from "../../provider/postgresql/restore/data-directory.ts";
import { fullDisk } from "../../provider/postgresql/restore/full-disk.ts";

const mebibyte = 1024 * 1024;

describe("a full disk", () => {
  const free = fc.option(fc.nat(200 * mebibyte), { nil: undefined });

  it("is the cause where a file system has no room for two WAL segments, or a log says so", () => {
    fc.assert(
      fc.property(fc.array(free, { minLength: 1 }), fc.boolean(), (all, isLogged) => {
        const disks = all.map((freeBytes, index) => ({ directory: `/disk${index}`, freeBytes }));
        const log = isLogged ? "FATAL: could not write: No space left on device" : "FATAL: something else";
        const isShort = all.some((freeBytes) => freeBytes !== undefined && freeBytes < 32 * mebibyte);
        expect(fullDisk(disks, log)?.code).toBe(isShort || isLogged ? "disk-full" : undefined);
      }),
    );
  });

  it("is named", () => {
    const disks = [
      { directory: "/data", freeBytes: 900 * mebibyte },
      { directory: "/space", freeBytes: 4096 },
    ];
    expect(fullDisk(disks, "")?.message).toBe(
      "The restore found the file system of /space full: 4.0 KiB were left when it failed.",
    );
    expect(fullDisk([], "No space left on device")?.message).toMatch(/the data directory/);
  });
});

describe("what was restored", () => {
  let folder: string;
  let move: Move;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "full-disk-"));
    const from = join(folder, "data");
    const anew = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mode: 0o700 };
    move = { from, to: `${from}.old`, anew, discarded: { path: `${from}.failed`, inode: undefined } };
    await mkdir(from);
    await writeFile(join(from, "old"), "");
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it("gives its room back, wherever Patroni has put it, and the old data stays where it is", async () => {
    await moveAside([move]);
    await writeFile(join(move.from, "new"), "");
    await mkdir(`${move.from}.failed`);
    await removeRestored([move]);
    await removeRestored([move]);
    expect(await readdir(folder)).toEqual(["data.old"]);
    expect(await standingAside([move])).toEqual([move.to]);
  });

  it("is nothing where the old data is back, or never went", async () => {
    await removeRestored([move]);
    expect(await readdir(move.from)).toEqual(["old"]);
  });
});
