import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  deleteOld,
  moveAside,
  planMoves,
  putBack,
  standingAside,
} from "../../provider/postgresql/restore/data-directory.ts";

let folder: string;
let data: string;
let space: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "data-directory-"));
  data = join(folder, "data");
  space = join(folder, "space");
  await mkdir(join(data, "pg_tblspc"), { recursive: true });
  await mkdir(join(space, "PG_15_202209061"), { recursive: true });
  await writeFile(join(data, "PG_VERSION"), "15\n");
  await writeFile(join(data, "which"), "old");
  await writeFile(join(space, "PG_15_202209061", "which"), "old");
  await symlink(space, join(data, "pg_tblspc", "16385"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const which = async (): Promise<readonly string[]> =>
  Promise.all(
    [data, join(space, "PG_15_202209061")].map((path) =>
      readFile(join(path, "which"), "utf8").catch(() => "none"),
    ),
  );

/** What a restore leaves that Patroni gave up: half a data directory, and what was there before under another name. */
async function failBootstrap(): Promise<void> {
  for (const path of [data, space]) {
    await writeFile(join(path, "half"), "new");
    await rm(`${path}.failed`, { recursive: true, force: true });
    await mkdir(`${path}.failed`);
  }
}

describe("the data directory", () => {
  it("is moved aside with its tablespaces, and comes back after a failed bootstrap", async () => {
    const moves = await planMoves(data, 7);
    await moveAside(moves);
    expect(await which()).toEqual(["none", "none"]);
    expect(await standingAside(moves)).toEqual([`${data}.before-restore-7`, `${space}.before-restore-7`]);
    await failBootstrap();
    await putBack(moves);
    expect(await which()).toEqual(["old", "old"]);
    expect((await readdir(folder)).toSorted()).toEqual(["data", "space"]);
  });

  it("comes back from wherever a crash has left it, also when asked twice", async () => {
    const moves = await planMoves(data, 7);
    await putBack(moves);
    expect(await which()).toEqual(["old", "old"]);
    await moveAside(moves.slice(0, 1));
    await putBack(moves);
    await putBack(moves);
    expect(await which()).toEqual(["old", "old"]);
    await moveAside(moves);
    await moveAside(moves);
    await putBack(moves);
    expect(await which()).toEqual(["old", "old"]);
  });

  it("is deleted only where it was moved to", async () => {
    const moves = await planMoves(data, 7);
    await moveAside(moves);
    await writeFile(join(data, "which"), "new");
    await deleteOld(moves);
    expect(await which()).toEqual(["new", "none"]);
    expect(await standingAside(moves)).toEqual([]);
  });

  it("leaves alone what Patroni had put aside at another time", async () => {
    await mkdir(`${data}.failed`);
    const moves = await planMoves(data, 7);
    await moveAside(moves);
    await putBack(moves);
    expect(await readdir(folder)).toContain("data.failed");
  });

  it("is not moved onto something that exists", async () => {
    await mkdir(`${data}.before-restore-7`);
    await expect(planMoves(data, 7)).rejects.toThrow(/exists already/);
  });
});
