/**
 * How often a dispatch calls Juju's hook tools: each call is a process, and what Juju asks its controller for.
 */
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { charm as managerCharm } from "../../examples/backup-manager-charm/src/charm.ts";
import { dispatchWith, type Dispatch } from "../../lib/juju/dispatch.ts";
import {
  ScriptedDatabase,
  SimulatedJuju,
  VirtualClock,
  type CharmFunction,
} from "../../lib/testing/index.ts";
import { Provider } from "../../provider/index.ts";

interface Call {
  readonly tool: string;
  readonly args: readonly string[];
  readonly stdin: string | undefined;
  /** What stood in the databag that a `relation-set` was about. */
  readonly before?: Readonly<Record<string, string>>;
  readonly startedAt: number;
  endedAt: number;
}

let juju: SimulatedJuju;
let relation: number;
let storage: number;
/** The calls of each dispatch, in the order of the dispatches. */
let dispatches: { readonly unit: string; readonly event: string; readonly calls: Call[] }[];
let moment = 0;

/** A charm whose calls are noted, and take a moment, so that those that are made side by side are seen to be. */
function noted(charm: CharmFunction): CharmFunction {
  return async ({ environment, runTool, machine, juju: port, event }: Dispatch) => {
    const calls: Call[] = [];
    dispatches.push({ unit: port.unit, event: "name" in event ? event.name : event.change, calls });
    const noting: typeof runTool = async (tool, args, stdin) => {
      const call: Call = {
        tool,
        args,
        stdin,
        ...(tool === "relation-set" ? { before: databagOf(port.unit, args) } : {}),
        startedAt: moment++,
        endedAt: Infinity,
      };
      calls.push(call);
      await turn();
      const end = await runTool(tool, args, stdin);
      call.endedAt = moment++;
      return end;
    };
    await charm(dispatchWith(environment, noting, machine));
  };
}

function databagOf(unit: string, args: readonly string[]): Readonly<Record<string, string>> {
  const id = args[args.indexOf("-r") + 1] ?? "";
  return juju.databag(id, args.includes("--app") ? unit.slice(0, unit.indexOf("/")) : unit);
}

beforeEach(async () => {
  dispatches = [];
  const clock = new VirtualClock();
  const { executor, store } = new ScriptedDatabase(clock);
  juju = await SimulatedJuju.start({ clock });
  const provider: CharmFunction = async (dispatch) => {
    const { status } = await new Provider({
      ...dispatch,
      stateDirectory: "/state",
      executor,
      store,
    }).reconcile();
    await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
  };
  const examples = "examples";
  await juju.deploy({
    application: "database",
    charm: `${examples}/postgresql-charm`,
    inProcess: noted(provider),
  });
  await juju.deploy({
    application: "manager",
    charm: `${examples}/backup-manager-charm`,
    inProcess: noted(managerCharm),
  });
  await juju.deploy({
    application: "s3",
    charm: `${examples}/demo/s3-integrator`,
    inProcess: async () => undefined,
  });
  storage = await juju.integrate("manager:s3-parameters", "s3:s3-credentials");
  await juju.writeDatabag(storage, "s3", { bucket: "backups", "access-key": "key", "secret-key": "secret" });
  relation = await juju.integrate("manager:database-backup", "database:database-backup");
  await juju.settle();
  await juju.runAction("manager/0", "create-backup");
  await juju.settle();
  await juju.runAction("manager/0", "list-jobs");
  await juju.updateStatus("database/0");
  await juju.settle();
});
afterEach(async () => {
  await juju.stop();
});

describe("in a whole backup", () => {
  test("every dispatch reads each databag at most once, and asks nothing else twice", () => {
    expect(dispatches.length).toBeGreaterThan(20);
    expect(juju.databag(relation, "database/0")["jobs"]).toContain('"succeeded"');
    for (const { unit, event, calls } of dispatches) {
      // Leadership may end within a dispatch: whoever writes asks before.
      const asked = calls.filter(({ tool }) => tool !== "is-leader" && tool !== "relation-set");
      const questions = asked.map(({ tool, args }) => [tool, ...args].join(" "));
      expect(questions, `${unit} ${event}`).toEqual([...new Set(questions)]);
    }
  });

  test("every dispatch writes each databag at most once, after all reading, and only what changes it", () => {
    const writes = dispatches.flatMap(({ calls }) => calls.filter(({ tool }) => tool === "relation-set"));
    expect(writes.length).toBeGreaterThan(4);
    for (const { unit, event, calls } of dispatches) {
      const written = calls.filter(({ tool }) => tool === "relation-set");
      const targets = written.map(({ args }) => args.join(" "));
      expect(targets, `${unit} ${event}`).toEqual([...new Set(targets)]);
      const firstWrite = Math.min(...written.map(({ startedAt }) => startedAt));
      const late = calls.filter(({ tool, endedAt }) => tool === "relation-get" && endedAt > firstWrite);
      expect(late, `${unit} ${event}`).toEqual([]);
      for (const { stdin = "{}", before = {} } of written) {
        const changes: Record<string, string> = JSON.parse(stdin);
        const changing = Object.entries(changes).filter(([key, value]) => (before[key] ?? "") !== value);
        expect(Object.keys(changes), `${unit} ${event}`).toEqual(changing.map(([key]) => key));
        expect(changing, `${unit} ${event}`).not.toEqual([]);
      }
    }
  });

  test("questions that do not depend on each other are asked side by side", () => {
    const { calls = [] } =
      dispatches.findLast(({ unit, event }) => unit === "database/0" && event === "update-status") ?? {};
    for (const tools of [["goal-state", "is-leader", "relation-ids"], ["relation-get"]]) {
      const asked = calls.filter(({ tool }) => tools.includes(tool));
      expect(asked).toHaveLength(3);
      const firstAnswer = Math.min(...asked.map(({ endedAt }) => endedAt));
      expect(asked.filter(({ startedAt }) => startedAt < firstAnswer)).toEqual(asked);
    }
    expect(calls).toHaveLength(8);
  });
});
