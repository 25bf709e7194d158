import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Disk } from "../../lib/machine/machine.ts";
import { nodeDisk } from "../../lib/machine/node-disk.ts";
import { MemoryDisk } from "../../lib/testing/in-process/memory-disk.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "disk-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A disk with an empty directory on it. */
const bindings: readonly (readonly [string, () => Promise<Disk>])[] = [
  ["the real disk", async () => nodeDisk],
  [
    "a disk in memory",
    async () => {
      const disk = new MemoryDisk();
      await disk.makeDirectory(directory);
      return disk;
    },
  ],
];

describe.each(bindings)("%s", (_, open) => {
  let disk: Disk;
  let file: string;
  beforeEach(async () => {
    disk = await open();
    file = join(directory, "file");
  });

  test("reads what was written, and nothing where there is no file", async () => {
    expect(await disk.read(file)).toBeUndefined();
    await disk.replace(file, "é 😀\n\u2028", { sync: true });
    expect(await disk.read(file)).toBe("é 😀\n\u2028");
  });

  test("appends, and mends a line that was cut short, but no other", async () => {
    await disk.append(file, "one\n", { sync: true, mend: "(cut)\n" });
    await disk.append(file, "tw");
    await disk.append(file, "three\n", { mend: " (cut)\n" });
    await disk.append(file, "four\n", { mend: " (cut)\n" });
    expect(await disk.read(file)).toBe("one\ntw (cut)\nthree\nfour\n");
  });

  test("creates a file once, whoever comes first", async () => {
    const made = await Promise.all([1, 2, 3, 4].map(async (each) => await disk.create(file, `by ${each}`)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await disk.read(file)).toBe(`by ${made.indexOf(true) + 1}`);
    expect(await disk.list(directory)).toEqual(["file"]);
  });

  test("replaces a file as a whole, and renames it over another", async () => {
    await disk.replace(file, "old");
    await disk.replace(file, "new");
    await disk.replace(join(directory, "other"), "other");
    expect(await disk.rename(file, join(directory, "other"))).toBe(true);
    expect(await disk.rename(file, join(directory, "other"))).toBe(false);
    expect(await disk.read(file)).toBeUndefined();
    expect(await disk.read(join(directory, "other"))).toBe("new");
  });

  test("makes directories with those above, lists one level, and removes everything below", async () => {
    const deep = join(directory, "a", "b");
    await disk.makeDirectory(deep);
    await disk.makeDirectory(deep);
    await disk.replace(join(deep, "file"), "");
    await disk.replace(join(directory, "ab"), "");
    expect([...(await disk.list(directory))].toSorted()).toEqual(["a", "ab"]);
    expect(await disk.list(deep)).toEqual(["file"]);
    await disk.remove(join(directory, "a"));
    await disk.remove(join(directory, "a"));
    expect(await disk.list(directory)).toEqual(["ab"]);
  });

  test("refuses to write where there is no directory, and to list one", async () => {
    const missing = join(directory, "missing");
    const failure = { code: "ENOENT" };
    await expect(disk.append(join(missing, "file"), "")).rejects.toMatchObject(failure);
    await expect(disk.replace(join(missing, "file"), "")).rejects.toMatchObject(failure);
    await expect(disk.create(join(missing, "file"), "")).rejects.toMatchObject(failure);
    await expect(disk.list(missing)).rejects.toMatchObject(failure);
  });
});

test("a directory on the real disk is readable by all, whatever the umask and whatever it was", async () => {
  const made = join(directory, "made");
  const before = process.umask(0o077);
  try {
    await nodeDisk.makeDirectory(made);
  } finally {
    process.umask(before);
  }
  expect((await stat(made)).mode & 0o777).toBe(0o755);
});

describe("a disk in memory", () => {
  test.each(["ENOSPC", "EROFS", "EIO"] as const)("fails with %s as long as it is told to", async (fault) => {
    const disk = new MemoryDisk();
    await disk.append("/file", "before");
    disk.fail(fault);
    const failure = { code: fault };
    await expect(disk.append("/file", "x")).rejects.toMatchObject(failure);
    await expect(disk.replace("/file", "x")).rejects.toMatchObject(failure);
    await expect(disk.create("/other", "x")).rejects.toMatchObject(failure);
    await expect(disk.rename("/file", "/other")).rejects.toMatchObject(failure);
    await expect(disk.makeDirectory("/folder")).rejects.toMatchObject(failure);
    disk.fail(undefined);
    expect(await disk.read("/file")).toBe("before");
    expect(disk.files()).toEqual(new Map([["/file", "before"]]));
    disk.wipe();
    expect(disk.files().size).toBe(0);
  });

  test("that is full still lets go of files, and one that is broken reads nothing", async () => {
    const disk = new MemoryDisk();
    await disk.append("/file", "before");
    disk.fail("EIO");
    await expect(disk.read("/file")).rejects.toMatchObject({ code: "EIO" });
    disk.fail("ENOSPC");
    await disk.remove("/file");
    expect(await disk.read("/file")).toBeUndefined();
  });
});
