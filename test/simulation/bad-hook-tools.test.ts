import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isDatabaseBackupError } from "../../lib/errors.ts";
import { HookTools } from "../../lib/juju/hook-tools.ts";
import type { Juju } from "../../lib/juju/juju.ts";
import { CanaryScan } from "../canaries/scan.ts";
import { faults, FaultyTools, type Fault } from "./faulty-tools.ts";

const relation = "database-backup:3";
let directory: string;
let tools: FaultyTools;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "faulty-tools-"));
  tools = await FaultyTools.in(join(directory, "bin"));
});
afterEach(async () => {
  await tools.repair();
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** The port as a charm gets it, with nothing but the faulty tools and the shell's on its PATH. */
function port(timeoutMs?: number): HookTools {
  const environment = {
    JUJU_UNIT_NAME: "database/0",
    JUJU_MODEL_UUID: "d90acd2c-7a0b-4fd1-8b76-c9f4ad6ee7a4",
    PATH: `${tools.directory}:/usr/bin:/bin`,
  };
  return new HookTools({ environment, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

type Call = (juju: Juju) => Promise<unknown>;

const reads: readonly (readonly [string, Call])[] = [
  ["is-leader", async (juju) => await juju.isLeader()],
  ["goal-state", async (juju) => await juju.goalState()],
  ["relation-ids", async (juju) => await juju.relationIds("database-backup")],
  ["relation-list", async (juju) => await juju.relationUnits(relation)],
  ["relation-list", async (juju) => await juju.relationApplication(relation)],
  ["relation-get", async (juju) => await juju.readUnitDatabag(relation, "database/0")],
  ["relation-get", async (juju) => await juju.readApplicationDatabag(relation, "manager")],
  ["config-get", async (juju) => await juju.config()],
  ["status-get", async (juju) => await juju.status()],
  ["action-get", async (juju) => await juju.actionParameters()],
];
const writes: readonly (readonly [string, Call])[] = [
  ["relation-set", async (juju) => await juju.writeUnitDatabag(relation, { jobs: "x".repeat(1_000_000) })],
  ["relation-set", async (juju) => await juju.writeApplicationDatabag(relation, { jobs: "[]" })],
  ["status-set", async (juju) => await juju.setStatus({ name: "active", message: "" })],
  ["juju-log", async (juju) => await juju.log("INFO", "text")],
  ["action-set", async (juju) => await juju.setActionResults({ a: "b" })],
  ["action-fail", async (juju) => await juju.failAction("why")],
  ["action-log", async (juju) => await juju.logAction("what")],
];

const badAnswers = [
  "prints no JSON",
  "prints half of its JSON",
  "prints JSON of another shape",
  "prints megabytes",
  "prints nothing",
] as const;
const badEnds = ["fails with Juju's text", "is killed"] as const;

/** The error that a call must end with: the library's own, short, on one line, with what to do. */
async function failureOf(call: Promise<unknown>): Promise<string> {
  const thrown: unknown = await call.then(
    (value) => expect.fail(`it gave ${inspect(value)}`),
    (error: unknown) => error,
  );
  if (!isDatabaseBackupError(thrown)) throw thrown;
  expect(thrown.code).toBe("hook-tool-failed");
  expect(thrown.remedy).toMatch(/\.$/);
  expect(thrown.message).not.toContain("\n");
  expect(inspect(thrown, { showHidden: true, depth: 10 }).length).toBeLessThan(5_000);
  const scan = new CanaryScan();
  scan.error("the error", thrown);
  expect(scan.found).toEqual([]);
  return thrown.message;
}

describe.each(reads)("%s", (tool, call) => {
  test.each([...badEnds, ...badAnswers])("that %s is an error of the library", async (fault) => {
    await tools.replace(tool, faults[fault]);
    const message = await failureOf(call(port()));
    expect(message).toMatch(new RegExp(`^Juju's hook tool ${tool} \\S`));
    expect(message).not.toContain("xxxx");
  });
});

describe.each(writes)("%s", (tool, call) => {
  test.each(badEnds)("that %s is an error of the library", async (fault) => {
    await tools.replace(tool, faults[fault]);
    expect(await failureOf(call(port()))).toContain(tool);
  });

  test.each<Fault>(["prints no JSON", "prints megabytes"])(
    "that %s and ends well has done its work",
    async (fault) => {
      await tools.replace(tool, faults[fault]);
      await expect(call(port())).resolves.toBeUndefined();
    },
  );
});

describe.each([...reads, ...writes])("%s", (tool, call) => {
  test("that is missing is an error of the library", async () => {
    expect(await failureOf(call(port()))).toBe(`Juju's hook tool ${tool} could not be started (ENOENT).`);
  });
});

describe.each([...reads, ...writes].filter(([tool]) => tool === "relation-get" || tool === "action-set"))(
  "%s",
  (tool, call) => {
    test("that hangs, with children of its own and deaf to being asked to end, is ended", async () => {
      await tools.replace(tool, "trap '' TERM; sleep 600 & wait; sleep 600");
      expect(await failureOf(call(port(200)))).toMatch(
        new RegExp(`^Juju's hook tool ${tool} was ended after its time limit`),
      );
    });
  },
);

describe("what a tool says", () => {
  const said = async (stderr: string): Promise<string> => {
    await tools.replace("relation-set", `printf '${stderr}' >&2; exit 1`);
    return await failureOf(port().writeUnitDatabag(relation, {}));
  };

  test("is one line, without what a terminal would act upon", async () => {
    expect(await said("ERROR first\\n\\033[31msecond\\033[0m\\n")).toBe(
      "Juju's hook tool relation-set exited with code 1: first\\n\\u001b[31msecond\\u001b[0m",
    );
  });

  test("is cut where it is long", async () => {
    await tools.replace("relation-set", "head -c 3000000 /dev/zero | tr '\\0' y >&2; exit 1");
    expect((await failureOf(port().writeUnitDatabag(relation, {}))).length).toBeLessThan(600);
  });

  test("is not shown where it may repeat credentials", async () => {
    expect(await said('ERROR cannot read {"secret-key": "x7f31"}')).toBe(
      "Juju's hook tool relation-set exited with code 1: what it said is not shown, because it may hold credentials",
    );
  });
});

test("an answer that was bad is asked for again", async () => {
  const juju = port();
  await tools.replace("relation-ids", faults["prints half of its JSON"]);
  await failureOf(juju.relationIds("database-backup"));
  await tools.replace("relation-ids", `echo '["${relation}"]'`);
  expect(await juju.relationIds("database-backup")).toEqual([relation]);
});
