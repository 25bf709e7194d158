/**
 * How often a dispatch calls Juju's hook tools: each call is a process, and what Juju asks its controller for.
 */
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { charm as managerCharm } from "../../examples/backup-manager-charm/src/charm.ts";
import { runDispatch, type Dispatch } from "../../lib/juju/dispatch.ts";
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
let database: ScriptedDatabase;
let relation: number;
let storage: number;
/** The calls of each dispatch, in the order of the dispatches. */
let dispatches: { readonly unit: string; readonly event: string; readonly calls: Call[] }[];
let moment = 0;

/** Ends one call after the other, with time between them in which a charm can make those that waited for it. */
let line = Promise.resolve();
async function inLine(): Promise<void> {
  const before = line;
  line = (async () => {
    await before;
    for (let turns = 0; turns < 5; turns += 1) await turn();
  })();
  await line;
}

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
      await inLine();
      const end = await runTool(tool, args, stdin);
      call.endedAt = moment++;
      return end;
    };
    await runDispatch(charm, environment, noting, machine);
  };
}

function databagOf(unit: string, args: readonly string[]): Readonly<Record<string, string>> {
  const id = args[args.indexOf("-r") + 1] ?? "";
  return juju.databag(id, args.includes("--app") ? unit.slice(0, unit.indexOf("/")) : unit);
}

beforeEach(async () => {
  dispatches = [];
  const clock = new VirtualClock();
  database = new ScriptedDatabase(clock);
  const { executor, store } = database;
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
    expect(database.backups).toHaveLength(1);
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
    // The request, that it was taken up, its end and the list of backups; phases between may go by unseen.
    expect(writes.length).toBeGreaterThan(3);
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

  test("no question waits for an answer that it does not need", () => {
    let asked = 0;
    for (const { unit, event, calls } of dispatches) {
      // An action does one thing after another: what it is for comes before the status that follows from it.
      if (calls.some(({ tool }) => tool === "action-get")) continue;
      for (const call of calls.filter(
        ({ tool }) => tool.startsWith("relation-") && tool !== "relation-set",
      )) {
        const needed = answersNeeded(call, unit, calls);
        const ready = Math.max(-1, ...needed.map(({ endedAt }) => endedAt));
        const waitedFor = calls.filter(({ endedAt }) => endedAt > ready && endedAt < call.startedAt);
        expect(waitedFor, `${unit} ${event}: ${call.args.join(" ")}`).toEqual([]);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(100);
  });

  test("a dispatch with nothing to do makes twelve calls, and begins with all that it can ask at once", () => {
    const idle = dispatches.findLast(({ unit, event }) => unit === "database/0" && event === "update-status");
    const calls = idle?.calls ?? [];
    expect(calls).toHaveLength(12);
    const firstAnswer = Math.min(...calls.map(({ endedAt }) => endedAt));
    const first = calls.filter(({ startedAt }) => startedAt < firstAnswer).map(({ tool }) => tool);
    expect(first.toSorted()).toEqual(["goal-state", "is-leader", "relation-ids", "relation-ids"]);
  });
});

/**
 * The calls whose answers have to be there: what tells which relation, which application and which unit. A provider also
 * waits for what Juju expects, and for its word on leadership: whatever a leader decides from is newer than that.
 */
function answersNeeded({ tool, args }: Call, unit: string, calls: readonly Call[]): readonly Call[] {
  if (tool === "relation-ids") return [];
  const id = args[args.indexOf("-r") + 1] ?? "";
  const of = (name: string): readonly Call[] => calls.filter((call) => call.tool === name);
  const isProvider = unit === "database/0";
  const ids = [
    ...of("relation-ids").filter((call) => isProvider || call.args.includes(id.split(":")[0] ?? "")),
    ...(isProvider ? [...of("is-leader"), ...of("goal-state")] : []),
  ];
  if (tool === "relation-list") return ids;
  const ofApplication = args.includes("--app");
  const owner = args.at(-1) ?? "";
  if (owner === unit) return ids;
  if (owner === unit.split("/")[0]) return [...ids, ...of("is-leader")];
  return of("relation-list").filter(
    (call) => call.args.includes(id) && call.args.includes("--app") === ofApplication,
  );
}
