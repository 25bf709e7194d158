import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { charmFolder, idsOf, judged, judgesAll } from "./judged.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "passes-on-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file that has calls passed on to a program, which notes what it is called with. */
function observationWith(name: string, script: string): string {
  const real = join(folder, `${name}-tool`);
  writeFileSync(real, `#!/bin/sh\necho "$@" >> ${folder}/${name}.calls\n${script}\n`);
  chmodSync(real, 0o755);
  const file = join(folder, `${name}.json`);
  const observation = {
    config: { state: "{directory}" },
    program: "database-tool",
    "passes-on": `${name}-tool`,
    storage: { path: "/elsewhere", "access-key": "canary-access", "secret-key": 'canary-"secret"' },
    "most-units": 1,
    calls: { backup: { arguments: "^backup " }, restore: { arguments: "^restore " } },
  };
  writeFileSync(file, JSON.stringify(observation));
  return file;
}

test("calls that are let go on run the real program, and what it says is what counts", async () => {
  const rules = ["P-02", "P-12", "P-17", "P-19", "P-30"];
  const result = await judged({
    charm: charmFolder("test/charms/foreign-database"),
    observation: observationWith("good", 'sleep 0.5; [ "$1" = restore ] || echo label-of-a-backup'),
    rules,
  });
  expect(result.broken).toEqual([]);
  expect(idsOf(result, "holds")).toEqual(["P-02", "P-12", "P-17", "P-19"]);
  expect(result.verdicts.at(-1)).toMatchObject({
    verdict: "not shown",
    why: "it takes more units than the charm can have here",
  });
  expect(JSON.stringify([...result.traces])).not.toContain("canary");
  // The restore asks for the backup that was really made, which only its end may name.
  expect(readFileSync(join(folder, "good.calls"), "utf8").split("\n")).toEqual([
    "backup job-alpha bucket-kit -",
    "restore job-bravo bucket-kit /bucket-kit/label-of-a-backup/",
    "",
  ]);
});

test.each(judgesAll ? ["a real program that fails makes no success"] : [])("%s", async () => {
  const result = await judged({
    charm: charmFolder("test/charms/foreign-database"),
    observation: observationWith("bad", "echo the disk is full >&2; exit 3"),
    rules: ["P-13"],
  });
  expect(idsOf(result, "holds")).toEqual(["P-13"]);
});

test("a real program that is not there is said before anything is begun", async () => {
  const observation = observationWith("none", "");
  rmSync(join(folder, "none-tool"));
  const asked = judged({ charm: charmFolder("test/charms/foreign-database"), observation });
  await expect(asked).rejects.toThrow(/none-tool", to which calls are passed on, cannot be run/);
});
