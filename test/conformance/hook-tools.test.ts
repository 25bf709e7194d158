import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HookTools } from "../../lib/juju/hook-tools.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { ShellProbe, probeCharm } from "./juju-contract/shell-probe.ts";

let juju: SimulatedJuju;
let probe: ShellProbe;
let relation: string;

beforeAll(async () => {
  juju = await SimulatedJuju.start();
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "left" });
  await juju.deploy({ charm: probeCharm, application: "right" });
  const id = await juju.integrate("left:backend", "right:frontend");
  relation = `backend:${id}`;
  await juju.settle();
});

afterAll(async () => {
  await juju.stop();
});

/** Runs an expression over the port `juju` in a hook of left/0, as a charm's own code would. */
async function inHook(expression: string): Promise<unknown> {
  const binding = new URL("../../dist/lib/juju/index.js", import.meta.url).href;
  const program = `
    import { HookTools } from ${JSON.stringify(binding)};
    const juju = new HookTools();
    const said = await (async () => ${expression})().then(
      (value) => ({ value: value ?? null }),
      (error) => ({ name: error.name, code: error.code, message: error.message, remedy: error.remedy }),
    );
    console.log(JSON.stringify(said));
  `;
  const file = join(juju.directory, "program.mjs");
  await writeFile(file, program);
  const output = await probe.output("left/0", `node ${file}`);
  const said: { value?: unknown } = JSON.parse(output);
  return "value" in said ? said.value : said;
}

describe("the binding to Juju's hook tools", () => {
  test("knows who it is", async () => {
    expect(await inHook("[juju.unit, juju.application, juju.modelUuid]")).toEqual([
      "left/0",
      "left",
      juju.modelUuid,
    ]);
  });

  test("reads leadership, planned units, relations, their units and applications", async () => {
    expect(
      await inHook(`Promise.all([
        juju.isLeader(), juju.goalState(), juju.relationIds("backend"), juju.relationIds("nothing"),
        juju.relationUnits("${relation}"), juju.relationApplication("${relation}"),
      ])`),
    ).toEqual([true, { units: ["left/0"] }, [relation], [], ["right/0"], "right"]);
  });

  test("writes to databags whatever a text can hold, and deletes keys", async () => {
    const texts = {
      plain: "yes",
      number: "1.50",
      json: '[{"a":"b: c # d"}]',
      lines: "one\ntwo\r\n\tthree",
      emoji: "😀",
      controls: "\u0001\u007f\u0085\u009f\u2028\ufeff\ufffe\uffff",
      long: "x".repeat(300_000),
    };
    expect(
      await inHook(`(async () => {
        await juju.writeUnitDatabag("${relation}", ${JSON.stringify(texts)});
        await juju.writeApplicationDatabag("${relation}", { gone: "1", kept: "2" });
      })()`),
    ).toBeNull();
    expect(juju.databag(relation, "left/0")).toMatchObject(texts);
    expect(await inHook(`juju.readUnitDatabag("${relation}", juju.unit)`)).toMatchObject(texts);
    await inHook(`juju.writeApplicationDatabag("${relation}", { gone: "" })`);
    expect(juju.databag(relation, "left")).toEqual({ kept: "2" });
  });

  test("replaces lone surrogates, which Juju refuses", async () => {
    await inHook(`juju.writeUnitDatabag("${relation}", { lone: "a\\ud800b" })`);
    expect(juju.databag(relation, "left/0")["lone"]).toBe("a\ufffdb");
  });

  test("reads what the other side wrote", async () => {
    await juju.writeDatabag(relation, "right", { from: "application" });
    await juju.writeDatabag(relation, "right/0", { from: "unit" });
    await juju.settle();
    expect(
      await inHook(`Promise.all([
        juju.readApplicationDatabag("${relation}", "right"), juju.readUnitDatabag("${relation}", "right/0"),
      ])`),
    ).toEqual([{ from: "application" }, expect.objectContaining({ from: "unit" })]);
  });

  test("sets and reads the status, also with a message that looks like an option", async () => {
    expect(
      await inHook(`(async () => {
        await juju.setStatus({ name: "blocked", message: "--help 'me'" });
        return await juju.status();
      })()`),
    ).toEqual({ name: "blocked", message: "--help 'me'" });
  });

  test("writes to the log", async () => {
    await inHook('juju.log("WARNING", "-x: mind the gap")');
    expect(juju.log()).toContainEqual(
      expect.objectContaining({ unit: "left/0", level: "WARNING", message: "-x: mind the gap" }),
    );
  });

  test("says what the tool said where it fails, and what to do", async () => {
    expect(await inHook('juju.readUnitDatabag("backend:99", "right/0")')).toEqual({
      name: "HookToolError",
      code: "hook-tool-failed",
      message:
        'Juju\'s hook tool relation-get exited with code 2: invalid value "backend:99" for option -r: relation not found',
      remedy: "Look into the unit's log; the hook runs again by itself.",
    });
  });

  test("says that a hook tool is missing", async () => {
    const environment = { JUJU_UNIT_NAME: "left/0", JUJU_MODEL_UUID: "1", PATH: "/nowhere" };
    await expect(new HookTools({ environment }).isLeader()).rejects.toThrow(
      "Juju's hook tool is-leader could not be started (ENOENT).",
    );
  });

  test("refuses an environment that is not Juju's", () => {
    expect(() => new HookTools({ environment: {} })).toThrow("JUJU_UNIT_NAME is not set");
  });
});
