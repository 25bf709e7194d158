import { afterEach, beforeEach, expect, test } from "vitest";
import type { ToolEnd, ToolRunner } from "../../../lib/juju/tool-runner.ts";
import { SimulatedJuju, VirtualClock, type CharmFunction } from "../../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./leaks.ts";
import { probeCharm } from "./probe.ts";

// What only a charm has that runs in the process of its test: a clock that the test moves, and a machine in memory.

let juju: SimulatedJuju;
let backend: number;
let charm: CharmFunction;

beforeEach(async () => {
  charm = async () => undefined;
  juju = await SimulatedJuju.start({ clock: new VirtualClock(), updateStatusIntervalMs: 300_000 });
  const inProcess: CharmFunction = async (dispatch) => charm(dispatch);
  await juju.deploy({ charm: probeCharm, application: "alpha", inProcess });
  await juju.deploy({ charm: probeCharm, application: "beta", units: 2, inProcess });
  backend = await juju.integrate("alpha:backend", "beta:frontend");
  await juju.settle();
});
afterEach(async () => stopAndCheckForLeaks(juju));

test("[in-process/interval] update-status comes by the clock, each time the interval has passed", async () => {
  const count = (): number => juju.hooksRun().filter((run) => run.operation === "update-status").length;
  await juju.advance(299_999);
  expect(count()).toBe(0);
  await juju.advance(1);
  expect(count()).toBe(3);
  await juju.advance(600_000);
  expect(count()).toBe(9);
});

test("[in-process/outlived] a tool that is called when its hook is over reaches no context", async () => {
  let late: ToolRunner | undefined;
  charm = async ({ runTool }) => {
    late = runTool;
  };
  await juju.runAction("alpha/0", "probe");
  const end: ToolEnd | undefined = await late?.("is-leader", []);
  expect(end).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/^ERROR dial unix.*: connect: no such file or directory\n$/u),
  });
});

test("[in-process/self-dispatch] a charm leaves a dispatch of itself behind, which comes when its turn is", async () => {
  const seen: (string | undefined)[] = [];
  charm = async ({ event, environment, machine }) => {
    if (event.kind === "custom") seen.push(event.name, environment["JUJU_REMOTE_UNIT"]);
    if (event.kind !== "action") return;
    const dispatch = "JUJU_DISPATCH_PATH=hooks/worker-done $CHARM_DIR/dispatch";
    await machine.processes.start(
      {
        main: "file:///worker.js",
        args: [],
        load: async () => ({
          run: async ({ machine: own }) => {
            const about = ["-r", `backend:${backend}`, "--remote-unit", "beta/1"];
            await own.processes.leave(["juju-exec", "-u", "alpha/0", ...about, dispatch]);
          },
        }),
      },
      "",
      "/output",
    );
  };
  await juju.runAction("alpha/0", "probe");
  await juju.settle();
  expect(seen).toEqual(["worker-done", "beta/1"]);
});

test("[in-process/commands] of commands it can run its own dispatch, and no shell", async () => {
  expect(await juju.exec("alpha/0", "true")).toMatchObject({ exitCode: 127 });
  expect(await juju.exec("alpha/0", "JUJU_DISPATCH_PATH=hooks/x ./dispatch")).toMatchObject({ exitCode: 0 });
});

test("[in-process/cancelled-children] an action that is called off is killed, and no process that it started", async () => {
  const never = new Promise<void>(() => undefined);
  let started: () => void = () => undefined;
  const isStarted = new Promise<void>((resolve) => {
    started = resolve;
  });
  charm = async ({ event, machine }) => {
    if (event.kind !== "action") return;
    const program = {
      main: "file:///worker.js",
      args: [],
      load: async () => ({ run: async () => never }),
    };
    await machine.processes.start(program, "", "/output");
    started();
    await never;
  };
  const { id, result } = juju.startAction("alpha/0", "probe");
  await isStarted;
  await juju.cancelTask(id);
  expect(await result).toMatchObject({ status: "aborted" });
  expect(juju.machine("alpha/0").processes).toHaveLength(1);
  charm = async () => undefined;
  juju.machine("alpha/0").restart();
  await juju.settle();
});
