import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, type RunResult } from "../../lib/process/run.ts";
import { FaultyTools } from "./faulty-tools.ts";

let directory: string;
let tools: FaultyTools;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "run-charm-"));
  tools = await FaultyTools.in(join(directory, "bin"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const environment = { JUJU_UNIT_NAME: "database/0", JUJU_MODEL_UUID: "1" };

/** Runs a charm that is the body of a function, and gives how its process ended and what it logged. */
async function runCharmThat(
  body: string,
  env: Readonly<Record<string, string>> = environment,
): Promise<{ readonly end: RunResult; readonly log: readonly string[] }> {
  return await runMain(`await juju.runCharm(async (dispatch) => {${body}});`, env);
}

/** Runs a charm's main module, that has the library as `juju`. */
async function runMain(
  text: string,
  env: Readonly<Record<string, string>> = environment,
): Promise<{ readonly end: RunResult; readonly log: readonly string[] }> {
  const logFile = join(directory, "log");
  await writeFile(logFile, "");
  await tools.replace("juju-log", `printf "%s\\n" "$*" >> "${logFile}"`);
  const main = join(directory, "main.mjs");
  const module = new URL("../../dist/lib/juju/index.js", import.meta.url).href;
  await writeFile(main, `import * as juju from "${module}";\n${text}\n`);
  const PATH = `${tools.directory}:${dirname(process.execPath)}:/usr/bin:/bin`;
  const end = await run([process.execPath, main], { env: { ...env, PATH } });
  return { end, log: (await readFile(logFile, "utf8")).split("\n").slice(0, -1) };
}

test("a charm that ends well says nothing", async () => {
  const { end, log } = await runCharmThat(`if (dispatch.juju.unit !== "database/0") throw new Error();`);
  expect(end).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  expect(log).toEqual([]);
});

test("an error that nobody foresaw is one line, with its stack at level DEBUG", async () => {
  const { end, log } = await runCharmThat(`throw new TypeError("no\\n\\u001b[31mluck");`);
  expect(end).toMatchObject({ exitCode: 1, stdout: "", stderr: "" });
  expect(log).toEqual([
    "-l ERROR -- The charm failed unexpectedly: TypeError: no\\n\\u001b[31mluck. " +
      "Report this to the author of the charm; the unit's log has more at level DEBUG.",
    expect.stringMatching(/^-l DEBUG -- at .*main\.mjs:2:\d+/),
  ]);
});

test("an error that may repeat credentials is not shown", async () => {
  const { log } = await runCharmThat(`throw new Error('no JSON: {"secret-key": "x7f31"');`);
  expect(log).toHaveLength(2);
  expect(log.join()).not.toContain("x7f31");
  expect(log[0]).toContain("not shown");
});

test("what is thrown and is no error is said too", async () => {
  const { end, log } = await runCharmThat(`throw undefined;`);
  expect(end.exitCode).toBe(1);
  expect(log).toEqual([expect.stringContaining("The charm failed unexpectedly: undefined.")]);
});

test("a charm that leaves something running when it fails ends all the same", async () => {
  const { end } = await runCharmThat(`setInterval(() => undefined, 1_000); throw new Error("no luck");`);
  expect(end.exitCode).toBe(1);
});

test("a process that Juju did not start says so on standard error", async () => {
  const { end, log } = await runCharmThat("", {});
  expect(end.exitCode).toBe(1);
  expect([...log, end.stderr].join()).toMatch(
    /configuration-invalid: JUJU_UNIT_NAME is not set: this process was not started by Juju\. .+\./,
  );
});

describe("what a charm left to the end of its dispatch", () => {
  const left = `
    dispatch.atEnd(async () => {
      await dispatch.juju.log("INFO", "left");
      await dispatch.juju.log("INFO", "to the end");
    });
    await dispatch.juju.log("INFO", "first");`;
  const inOrder = ["-l INFO -- first", "-l INFO -- left", "-l INFO -- to the end"];

  test("is done when it is over", async () => {
    const { end, log } = await runCharmThat(left);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(log).toEqual(inOrder);
  });

  test("is done too where the library does not run the charm", async () => {
    const { end, log } = await runMain(`const dispatch = juju.currentDispatch();${left}`);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(log).toEqual(inOrder);
  });

  test.each([
    ["by itself", ""],
    ["at its own word", "process.exit();"],
  ])("fails a dispatch that ends %s", async (_, exit) => {
    const { end, log } = await runMain(`
      const dispatch = juju.currentDispatch();
      dispatch.atEnd(() => { throw new Error("It took too long."); });
      await dispatch.juju.log("INFO", "first");
      ${exit}`);
    expect(end).toMatchObject({ exitCode: 1, stderr: "It took too long.\n" });
    expect(log).toEqual(["-l INFO -- first"]);
  });
});
