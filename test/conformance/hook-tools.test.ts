import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HookTools } from "../../lib/juju/hook-tools.ts";
import type { Juju } from "../../lib/juju/juju.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { probeCharm, ShellProbe } from "./juju-contract/shell-probe.ts";

/** What a charm does with the port. Run as a process it is carried over as text, so it may use nothing but its arguments. */
type Act<Input> = (juju: Juju, input: Input) => Promise<unknown>;

/** How a charm that runs in one way uses the port. */
interface Way {
  readonly name: string;
  readonly deploy: (juju: SimulatedJuju, application: string) => Promise<void>;
  /** Does something in a hook of left/0, and tells what came of it: a value, or the error. */
  readonly inHook: (juju: SimulatedJuju, act: Act<never>, input: unknown) => Promise<unknown>;
}

interface Said {
  readonly value?: unknown;
}

const asProcesses: Way = {
  name: "a charm as processes",
  deploy: async (juju, application) => juju.deploy({ charm: probeCharm, application }),
  inHook: async (juju, act, input) => {
    const binding = new URL("../../dist/lib/juju/index.js", import.meta.url).href;
    const program = `
      import { HookTools } from ${JSON.stringify(binding)};
      const act = ${act.toString()};
      const said = await act(new HookTools(), ${JSON.stringify(input)}).then(
        (value) => ({ value: value ?? null }),
        (error) => ({ name: error.name, code: error.code, message: error.message, remedy: error.remedy }),
      );
      console.log(JSON.stringify(said));
    `;
    const file = join(juju.directory, "program.mjs");
    await writeFile(file, program);
    return JSON.parse(await new ShellProbe(juju).output("left/0", `node ${file}`)) as unknown;
  },
};

let onUpdateStatus: ((juju: Juju) => Promise<void>) | undefined;

const inProcess: Way = {
  name: "a charm in process",
  deploy: async (model, application) =>
    model.deploy({
      charm: probeCharm,
      application,
      inProcess: async ({ juju, event }) => {
        if (event.kind === "hook" && event.name === "update-status") await onUpdateStatus?.(juju);
      },
    }),
  inHook: async (model, act, input) => {
    let said: unknown;
    onUpdateStatus = async (juju) => {
      said = await act(juju, input as never).then(
        (value) => ({ value: value ?? null }),
        ({ name, code, message, remedy }: Record<string, unknown>) => ({ name, code, message, remedy }),
      );
    };
    await model.updateStatus("left/0");
    await model.settle();
    onUpdateStatus = undefined;
    return JSON.parse(JSON.stringify(said)) as unknown;
  },
};

describe.each([asProcesses, inProcess])("the binding to Juju's hook tools, of $name", (way) => {
  let juju: SimulatedJuju;
  let relation: string;

  beforeAll(async () => {
    juju = await SimulatedJuju.start();
    await way.deploy(juju, "left");
    await way.deploy(juju, "right");
    relation = `backend:${await juju.integrate("left:backend", "right:frontend")}`;
    await juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(juju));

  async function inHook<Input>(act: Act<Input>, input: Input): Promise<unknown> {
    const said = (await way.inHook(juju, act, input)) as Said;
    return "value" in said ? said.value : said;
  }

  test("knows who it is", async () => {
    const who = await inHook(async (port) => [port.unit, port.application, port.modelUuid], undefined);
    expect(who).toEqual(["left/0", "left", juju.modelUuid]);
  });

  test("reads leadership, planned units, relations, their units and applications", async () => {
    const read = await inHook(
      async (port, id) =>
        Promise.all([
          port.isLeader(),
          port.goalState(),
          port.relationIds("backend"),
          port.relationIds("nothing"),
          port.relationUnits(id),
          port.relationApplication(id),
          port.relationModel(id),
        ]),
      relation,
    );
    expect(read).toEqual([
      true,
      { units: ["left/0"], dying: [], related: { backend: ["right"] } },
      [relation],
      [],
      ["right/0"],
      "right",
      juju.modelUuid,
    ]);
  });

  test("reads the configuration, with its types", async () => {
    const config = await inHook(async (port) => port.config(), undefined);
    expect(config).toEqual({ name: "probe", on: true, ratio: 0.5 });
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
    const written = await inHook(
      async (port, input) => {
        await port.writeUnitDatabag(input.relation, input.texts);
        await port.writeApplicationDatabag(input.relation, { gone: "1", kept: "2" });
      },
      { relation, texts },
    );
    expect(written).toBeNull();
    expect(juju.databag(relation, "left/0")).toMatchObject(texts);
    const read = await inHook(async (port, id) => port.readUnitDatabag(id, port.unit), relation);
    expect(read).toMatchObject(texts);
    await inHook(async (port, id) => port.writeApplicationDatabag(id, { gone: "" }), relation);
    expect(juju.databag(relation, "left")).toEqual({ kept: "2" });
  });

  test("replaces lone surrogates, which Juju refuses", async () => {
    await inHook(async (port, id) => port.writeUnitDatabag(id, { lone: "a\ud800b" }), relation);
    expect(juju.databag(relation, "left/0")["lone"]).toBe("a\ufffdb");
  });

  test("reads what the other side wrote", async () => {
    await juju.writeDatabag(relation, "right", { from: "application" });
    await juju.writeDatabag(relation, "right/0", { from: "unit" });
    await juju.settle();
    const read = await inHook(
      async (port, id) =>
        Promise.all([port.readApplicationDatabag(id, "right"), port.readUnitDatabag(id, "right/0")]),
      relation,
    );
    expect(read).toEqual([{ from: "application" }, expect.objectContaining({ from: "unit" })]);
  });

  test("sets and reads the status, also with a message that looks like an option", async () => {
    const status = { name: "blocked", message: "--help 'me'" } as const;
    const read = await inHook(async (port, given) => {
      await port.setStatus(given);
      return port.status();
    }, status);
    expect(read).toEqual(status);
  });

  test("writes to the log", async () => {
    await inHook(async (port) => port.log("WARNING", "-x: mind the gap"), undefined);
    expect(juju.log()).toContainEqual(
      expect.objectContaining({ unit: "left/0", level: "WARNING", message: "-x: mind the gap" }),
    );
  });

  test("says what the tool said where it fails, and what to do", async () => {
    const said = await inHook(async (port) => port.readUnitDatabag("backend:99", "right/0"), undefined);
    expect(said).toEqual({
      name: "HookToolError",
      code: "hook-tool-failed",
      message:
        'Juju\'s hook tool relation-get exited with code 2: invalid value "backend:99" for option -r: relation not found',
      remedy: "Look into the unit's log; the hook runs again by itself.",
    });
  });

  test("says so where an action's tools are called outside an action", async () => {
    const said = await inHook(async (port) => port.setActionResults({ a: "1" }), undefined);
    expect(said).toMatchObject({
      name: "HookToolError",
      message: "Juju's hook tool action-set exited with code 1: not running an action",
    });
  });
});

describe("the binding to Juju's hook tools", () => {
  test("says that a hook tool is missing", async () => {
    const environment = { JUJU_UNIT_NAME: "left/0", JUJU_MODEL_UUID: "1", PATH: "/nowhere" };
    await expect(new HookTools({ environment }).isLeader()).rejects.toThrow(
      "Juju's hook tool is-leader could not be started (ENOENT).",
    );
  });

  test("knows of no other model where Juju has no relation-model-get yet", async () => {
    const environment = { JUJU_UNIT_NAME: "left/0", JUJU_MODEL_UUID: "1", PATH: "/nowhere" };
    expect(await new HookTools({ environment }).relationModel("backend:1")).toBeUndefined();
  });

  test("refuses an environment that is not Juju's", () => {
    expect(() => new HookTools({ environment: {} })).toThrow("JUJU_UNIT_NAME is not set");
  });
});
