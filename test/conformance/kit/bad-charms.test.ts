import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { judgeCharm } from "../../../lib/conformance/conformance.ts";
import { survivingProcesses } from "../../../lib/testing/processes/surviving-processes.ts";
import { runWith } from "../../unit/command-run.ts";
import { charmWithDispatch } from "../../simulation/charm-with-dispatch.ts";
import { charmFolder, idsOf, judged, judgesAll } from "./judged.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bad-charm-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function charm(name: string, script: string): Promise<string> {
  return await charmWithDispatch(charmFolder("test/charms/v0-database"), join(folder, name), script);
}

const limits = { patienceMs: 300, hookMs: 1_000 };

describe("a charm that", () => {
  test("crashes in each hook breaks the rule that none fails", async () => {
    const result = await judged({ charm: await charm("crashes", "kill -SEGV $$"), rules: ["P-33"], limits });
    expect(idsOf(result, "broken")).toEqual(["P-33"]);
  });

  test("never returns breaks the rule that every hook ends, and is killed", async () => {
    const marker = join(folder, "uuid");
    const script = `printf %s "$JUJU_MODEL_UUID" > ${marker}\nexec sleep 3600`;
    const result = await judged({
      charm: await charm("never-returns", script),
      rules: ["P-33", "P-34"],
      limits,
    });
    expect(idsOf(result, "broken")).toEqual(["P-34"]);
    expect(result.verdicts[0]).toMatchObject({
      verdict: "not shown",
      why: expect.stringContaining("does not end"),
    });
    const { readFile } = await import("node:fs/promises");
    expect(await survivingProcesses(await readFile(marker, "utf8"))).toEqual([]);
  });

  test("floods its output is judged, and the flood is not kept", async () => {
    const script = "head -c 30000000 /dev/zero | tr '\\0' x\nhead -c 30000000 /dev/zero | tr '\\0' '\\n' >&2";
    const result = await judged({
      charm: await charm("floods", script),
      rules: ["P-33"],
      limits: { ...limits, hookMs: 30_000 },
    });
    expect(idsOf(result, "holds")).toEqual(["P-33"]);
    expect(JSON.stringify([...result.traces]).length).toBeLessThan(100_000);
  });

  // As many hooks as nobody waits for in vain.
  const endless = judgesAll ? ["brings about its own next hook without end is judged by what was seen"] : [];
  test.each(endless)("%s", async () => {
    const again = `setsid juju-exec -u "$JUJU_UNIT_NAME" "$JUJU_CHARM_DIR/dispatch" >/dev/null 2>&1 &`;
    const script = `status-set active "$$"\nunset JUJU_CONTEXT_ID\n${again}`;
    const result = await judged({ charm: await charm("endless", script), rules: ["P-01", "P-33"], limits });
    expect(idsOf(result, "holds")).toEqual(["P-33"]);
    expect(result.verdicts).toMatchObject([{ verdict: "not shown" }, { verdict: "holds" }]);
  });

  test("leaves daemons behind that never end is judged, and they are killed", async () => {
    const marker = join(folder, "daemon");
    const script = `printf %s "$JUJU_MODEL_UUID" > ${marker}\nsetsid sleep 3600 >/dev/null 2>&1 &`;
    const result = await judged({ charm: await charm("daemons", script), rules: ["P-33"], limits });
    expect(idsOf(result, "holds")).toEqual(["P-33"]);
    const { readFile } = await import("node:fs/promises");
    expect(await survivingProcesses(await readFile(marker, "utf8"))).toEqual([]);
  });
});

describe("a charm that is not fast enough", () => {
  test("breaks no rule by that: what did not come in time is not shown", async () => {
    const result = await judged({
      charm: charmFolder("test/charms/foreign-database"),
      rules: ["P-02", "P-12"],
      config: { delay: 60 },
      limits: { ...limits, hookMs: 20_000 },
    });
    expect(result.broken).toEqual([]);
    expect(result.verdicts).toMatchObject(
      ["P-02", "P-12"].map((id) => ({
        rule: { id },
        verdict: "not shown",
        why: expect.stringContaining("--patience"),
      })),
    );
  });

  // It takes as long as a machine has to stand still.
  const standsStill = judgesAll ? ["because the machine stands still is tried again"] : [];
  test.each(standsStill)("%s", async () => {
    const marker = join(folder, "stood-still");
    const script = `[ -e ${marker} ] || { touch ${marker}; kill -STOP $PPID; sleep 6; kill -CONT $PPID; exit 1; }`;
    const result = await judged({ charm: await charm("stands-still", script), rules: ["P-33"], limits });
    expect(idsOf(result, "holds")).toEqual(["P-33"]);
  });
});

describe("what cannot be judged is said in a line, with exit code 2:", () => {
  test.each([
    ["no charm", ["--charm", "/nowhere"], /holds neither charmcraft\.yaml nor/],
    ["a charm without dispatch", ["--charm", "test/charms"], /holds neither/],
    ["a charm without the interface", ["--charm", "test/charms/python"], /has no such endpoint/],
    [
      "the other side",
      ["--charm", "test/charms/v0-database", "--side", "requirer"],
      /it has: database-backup \(provider\)/,
    ],
    [
      "a rule that there is not",
      ["--charm", "test/charms/v0-database", "--rule", "R-01"],
      /There is no rule "R-01" for a provider/,
    ],
    [
      "a file that there is not",
      ["--charm", "test/charms/v0-database", "--observe", "/nowhere"],
      /cannot be read \(ENOENT\)/,
    ],
    [
      "traces in the place of a file",
      ["--charm", "test/charms/v0-database", "--traces", "package.json"],
      /Traces cannot be written into "package\.json" \(EEXIST\)/,
    ],
    [
      "traces where no folder can be made",
      ["--charm", "test/charms/v0-database", "--traces", "/proc/nowhere/traces"],
      /Traces cannot be written into "\/proc\/nowhere\/traces" \(ENOENT\)/,
    ],
    ["no number", ["--charm", "test/charms/v0-database", "--patience", "soon"], /--patience is "soon"/],
    ["a word too many", ["canary"], /is no option/],
  ])("%s", async (_, args, message) => {
    const { code, out, err } = await runWith(["conformance", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err).toEqual([expect.stringMatching(message)]);
  });

  test("no temporary folder, and one with a path that is too long for sockets is done without", async () => {
    vi.stubEnv("TMPDIR", join(folder, "nowhere"));
    const args = ["conformance", "--charm", "test/charms/v0-database", "--rule", "P-33"];
    expect(await runWith(args)).toMatchObject({
      code: 2,
      out: [],
      err: [expect.stringMatching(/^Nothing can be written into the folder .* \(ENOENT\)\. Set TMPDIR/)],
    });
    vi.stubEnv("TMPDIR", join(folder, "x".repeat(100)));
    expect(await runWith(args)).toMatchObject({ code: 0, err: [] });
    vi.unstubAllEnvs();
  });

  test("a configuration that the charm does not declare", async () => {
    const observation = join(folder, "conformance.json");
    writeFileSync(observation, '{"config": {"colour": "blue"}}');
    const asked = judgeCharm({ charm: charmFolder("test/charms/v0-database"), observation });
    await expect(asked).rejects.toThrow(/no configuration option "colour"/);
  });
});
