import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../lib/errors.ts";
import { SimulatedJuju, waitFor, type CharmFunction } from "../../lib/testing/index.ts";
import { probeCharm } from "./juju-contract/probe.ts";
import { namesOf, stepTo } from "./step-to.ts";

// A model in which nothing happens by itself.

let juju: SimulatedJuju;
let charm: CharmFunction;

beforeEach(async () => {
  charm = async () => undefined;
  juju = await SimulatedJuju.start({ stepByStep: true });
});
afterEach(async () => {
  await juju.stop();
});

async function deploy(application: string, units = 1): Promise<void> {
  await juju.deploy({
    charm: probeCharm,
    application,
    units,
    inProcess: async (dispatch) => charm(dispatch),
  });
}

describe("a model that goes step by step", () => {
  test("does nothing by itself", async () => {
    await deploy("alpha");
    expect(await namesOf(juju)).toEqual(["alpha/0 begins install"]);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect(juju.hooksRun()).toEqual([]);
    expect(await namesOf(juju)).toEqual(["alpha/0 begins install"]);
  });

  test("lists as plain data what may happen", async () => {
    charm = async ({ juju: tools }) => await tools.setStatus({ name: "active", message: "here" });
    await deploy("alpha");
    const [begin] = await juju.steps();
    expect(begin).toEqual({
      name: "alpha/0 begins install",
      kind: "begin",
      unit: "alpha/0",
      machine: "alpha/0",
      what: "install",
      args: [],
      faults: [],
    });
    await juju.take("alpha/0 begins install");
    expect(await juju.steps()).toEqual([
      {
        name: "alpha/0 status-set",
        kind: "act",
        unit: "alpha/0",
        machine: "alpha/0",
        what: "status-set",
        args: expect.arrayContaining(["active", "here"]),
        faults: ["kill", "exit-1", "fail"],
      },
    ]);
    await juju.take("alpha/0 status-set");
    expect(await namesOf(juju)).toEqual(["alpha/0 ends install"]);
    expect(juju.hooksRun()).toEqual([]);
    await juju.take("alpha/0 ends install");
    expect(juju.hooksRun()).toMatchObject([{ operation: "install", exitCode: 0 }]);
    expect(await namesOf(juju)).toEqual(["alpha/0 takes note"]);
  });

  test("lets a step be as long as it is told to", async () => {
    const calls: string[] = [];
    const other = await SimulatedJuju.start({ stepByStep: true, stepAt: (what) => what === "relation-ids" });
    await other.deploy({
      charm: probeCharm,
      application: "alpha",
      inProcess: async ({ runTool }) => {
        for (const call of ["is-leader", "relation-ids", "config-get"]) {
          await runTool(call, call === "relation-ids" ? ["peers"] : []);
          calls.push(call);
        }
      },
    });
    await other.take("alpha/0 begins install");
    expect(await namesOf(other)).toEqual(["alpha/0 relation-ids"]);
    expect(calls).toEqual(["is-leader"]);
    await other.take("alpha/0 relation-ids");
    expect(calls).toEqual(["is-leader", "relation-ids", "config-get"]);
    expect(other.hooksRun()).toMatchObject([{ operation: "install", exitCode: 0 }]);
    await other.stop();
  });

  test("interleaves the hooks of units down to the single call", async () => {
    const seen: string[] = [];
    charm = async ({ environment, runTool }) => {
      for (const call of ["is-leader", "config-get"]) {
        await runTool(call, []);
        seen.push(`${environment["JUJU_UNIT_NAME"]} ${call}`);
      }
    };
    await deploy("alpha", 2);
    for (const step of ["0 begins install", "1 begins install", "0 is-leader", "1 is-leader"]) {
      await juju.take(`alpha/${step}`);
    }
    await juju.take("alpha/1 config-get");
    await juju.take("alpha/1 ends install");
    await juju.take("alpha/0 config-get");
    expect(seen).toEqual([
      "alpha/0 is-leader",
      "alpha/1 is-leader",
      "alpha/1 config-get",
      "alpha/0 config-get",
    ]);
    expect(juju.hooksRun().map(({ unit }) => unit)).toEqual(["alpha/1"]);
  });

  test("refuses a step that may not happen now, a fault that it has not, and another way of running", async () => {
    await deploy("alpha");
    await expect(juju.take("alpha/0 begins start")).rejects.toThrow(
      '"alpha/0 begins start" may not happen now',
    );
    await expect(juju.take("alpha/0 begins install", { fault: "kill" })).rejects.toThrow(ConfigurationError);
    await expect(juju.deploy({ charm: probeCharm, application: "beta" })).rejects.toThrow(
      "would run as processes",
    );
    const other = await SimulatedJuju.start();
    await expect(other.steps()).rejects.toThrow("This model goes by itself");
    await other.stop();
  });

  test("settles by taking the first step each time, and lets time pass where a hook waits for it", async () => {
    charm = async ({ event, machine }) => {
      if (event.kind === "hook" && event.name === "start") await machine.clock.sleep(60_000);
    };
    await deploy("alpha", 2);
    await juju.settle();
    const byUnit = (unit: string): readonly string[] =>
      juju
        .hooksRun()
        .filter((run) => run.unit === unit)
        .map(({ operation }) => operation);
    expect(byUnit("alpha/0").slice(0, 3)).toEqual(["install", "cluster-relation-created", "leader-elected"]);
    expect(byUnit("alpha/1")).toContain("cluster-relation-joined");
    expect(await namesOf(juju)).toEqual([]);
  });

  test("takes what runs at the same time in one process as steps of their own", async () => {
    charm = async ({ runTool }) => {
      await Promise.all([runTool("is-leader", []), runTool("is-leader", []), runTool("config-get", [])]);
    };
    await deploy("alpha");
    await juju.take("alpha/0 begins install");
    expect(await namesOf(juju)).toEqual(["alpha/0 is-leader", "alpha/0 is-leader (2)", "alpha/0 config-get"]);
    await juju.take("alpha/0 config-get");
    await juju.take("alpha/0 is-leader (2)");
    expect(await namesOf(juju)).toEqual(["alpha/0 is-leader"]);
  });

  test("lets timers fire only when they are taken, and time pass without them", async () => {
    charm = async ({ event }) => {
      if (event.kind === "hook" && event.name === "install") throw new Error("no such luck");
    };
    await deploy("alpha");
    await stepTo(juju, "alpha/0 ends install");
    await juju.take("alpha/0 ends install");
    expect(await juju.steps()).toMatchObject([{ name: "time passes", kind: "time", ms: 5_000 }]);
    await juju.take("time passes");
    expect(await namesOf(juju)).toEqual(["timer: alpha/0 retries its hook"]);
    await juju.take("timer: alpha/0 retries its hook");
    expect(await namesOf(juju)).toEqual(["alpha/0 begins install"]);
  });
});

describe("a charm that waits in it", () => {
  test("goes on alone, though others have waited for the same", async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const seen: string[] = [];
    charm = async ({ environment }) => {
      await waitFor(released);
      seen.push(environment["JUJU_UNIT_NAME"] ?? "");
      await waitFor(Promise.resolve());
    };
    await deploy("alpha", 2);
    await juju.take("alpha/0 begins install");
    await juju.take("alpha/1 begins install");
    expect(await namesOf(juju)).toEqual([]);
    release();
    expect(await namesOf(juju)).toEqual(["alpha/0 wakes", "alpha/1 wakes"]);
    await juju.take("alpha/1 wakes");
    expect(seen).toEqual(["alpha/1"]);
    expect(await namesOf(juju)).toEqual(["alpha/0 wakes", "alpha/1 wakes"]);
    await juju.take("alpha/0 wakes");
    await juju.take("alpha/1 wakes");
    expect(seen).toEqual(["alpha/1", "alpha/0"]);
    expect(await namesOf(juju)).toEqual(["alpha/0 wakes", "alpha/1 ends install"]);
  });

  test("sleeps until its timer is taken", async () => {
    charm = async ({ machine }) => await machine.clock.sleep(90_000);
    await deploy("alpha");
    await juju.take("alpha/0 begins install");
    expect(await juju.steps()).toMatchObject([{ kind: "time", ms: 90_000 }]);
    await juju.take("time passes");
    await juju.take("timer: alpha/0 process 100 sleeps");
    await juju.take("alpha/0 wakes");
    await juju.take("alpha/0 ends install");
    expect(juju.hooksRun()).toHaveLength(1);
  });
});

describe("a worker in it", () => {
  test("does one thing at a time, and outlives what started it", async () => {
    charm = async ({ event, machine }) => {
      if (event.kind !== "hook" || event.name !== "install") return;
      await machine.disk.makeDirectory("/state");
      const program = {
        main: "file:///worker.js",
        args: ["test"],
        load: async () => ({
          run: async ({ machine: own }: { machine: typeof machine }) => {
            await own.disk.append("/state/log", "one\n");
            void own.processes.leave([
              "juju-exec",
              "-u",
              "alpha/0",
              "JUJU_DISPATCH_PATH=hooks/done $CHARM_DIR/dispatch",
            ]);
          },
        }),
      };
      await machine.processes.start(program, "", "/state/output");
    };
    await deploy("alpha");
    await stepTo(juju, "alpha/0 process 101 begins");
    await juju.take("alpha/0 process 101 begins");
    const files = juju.machine("alpha/0").disk.files();
    expect(files.get("/state/log")).toBeUndefined();
    await juju.take("alpha/0 ends install");
    await juju.take("alpha/0 process 101 disk.append");
    expect(files.get("/state/log")).toBe("one\n");
    expect(await juju.steps()).toContainEqual(
      expect.objectContaining({
        name: "alpha/0 process 101 processes.leave",
        pid: 101,
        faults: ["kill", "fail"],
      }),
    );
    await juju.take("alpha/0 process 101 processes.leave");
    await stepTo(juju, "alpha/0 begins juju-exec");
    await juju.settle();
    expect(juju.hooksRun().map(({ operation }) => operation)).toContain("juju-exec");
    expect(juju.machine("alpha/0").processes).toEqual([]);
  });
});
