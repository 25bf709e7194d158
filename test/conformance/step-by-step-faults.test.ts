import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Program, RunningProgram } from "../../lib/machine/machine.ts";
import { SimulatedJuju, VirtualClock, type CharmFunction, type HookRun } from "../../lib/testing/index.ts";
import { probeCharm } from "./juju-contract/probe.ts";
import { namesOf, stepTo } from "./step-to.ts";

// What a test can let go wrong at a step, and between two.

const cluster = 0;
let clock: VirtualClock;
let juju: SimulatedJuju;
let charm: CharmFunction;

/** Two units at rest, whose charm does nothing yet. */
beforeEach(async () => {
  charm = async () => undefined;
  clock = new VirtualClock();
  juju = await SimulatedJuju.start({ stepByStep: true, clock });
  await juju.deploy({
    charm: probeCharm,
    application: "alpha",
    units: 2,
    reuseUnitNumbers: true,
    inProcess: async (dispatch) => charm(dispatch),
  });
  await juju.settle();
});
afterEach(async () => {
  await juju.stop();
});

/** Lets the charm write to its unit's databag and on its disk when its status is updated, and stops before the end. */
async function writing(unit = "alpha/0", ...flags: readonly string[]): Promise<string> {
  charm = async ({ event, runTool, machine }) => {
    if (event.kind !== "hook" || event.name !== "update-status") return;
    await machine.disk.makeDirectory("/state");
    await machine.disk.append("/state/log", "ran\n");
    await runTool("relation-set", ["-r", `cluster:${cluster}`, ...flags, "written=yes"]);
  };
  await juju.updateStatus(unit);
  return (await stepTo(juju, `${unit} ends update-status`)).name;
}

function lastRun(): HookRun | undefined {
  return juju.hooksRun().at(-1);
}

/** How often the charm got as far as its disk. */
function attempts(unit = "alpha/0"): number {
  return (juju.machine(unit).disk.files().get("/state/log") ?? "").split("\n").length - 1;
}

function isWritten(owner = "alpha/0"): boolean {
  return juju.databag(cluster, owner)["written"] === "yes";
}

/** Lets a failed hook run again, and well. */
async function retry(): Promise<void> {
  expect(await namesOf(juju)).not.toContain("alpha/0 begins update-status");
  await juju.take("time passes");
  await juju.take("timer: alpha/0 retries its hook");
  await juju.settle();
}

describe("a dispatch", () => {
  test.each([
    ["kill", 137],
    ["exit-1", 1],
  ] as const)("that ends by %s at its end has failed, and runs again", async (fault, exitCode) => {
    await juju.take(await writing(), { fault });
    expect(lastRun()).toMatchObject({ operation: "update-status", exitCode });
    expect([attempts(), isWritten()]).toEqual([1, false]);
    await retry();
    expect([attempts(), isWritten()]).toEqual([2, true]);
  });

  test.each([
    ["kill", 137],
    ["exit-1", 1],
  ] as const)("that ends by %s before a call does nothing more", async (fault, exitCode) => {
    await writing();
    await juju.restartAgent("alpha/0");
    await juju.resolve("alpha/0");
    await stepTo(juju, "alpha/0 relation-set");
    await juju.take("alpha/0 relation-set", { fault });
    expect(lastRun()).toMatchObject({ exitCode });
    expect([attempts(), isWritten()]).toEqual([2, false]);
  });

  test("whose agent is killed before the commit has written nothing, and runs again", async () => {
    await juju.take(await writing(), { fault: "uncommitted" });
    expect(lastRun()).toMatchObject({ exitCode: 0 });
    expect([attempts(), isWritten()]).toEqual([1, false]);
    await retry();
    expect([attempts(), isWritten()]).toEqual([2, true]);
  });

  test("whose agent is killed after the commit has written, and runs again all the same", async () => {
    await juju.take(await writing(), { fault: "unrecorded" });
    expect([attempts(), isWritten()]).toEqual([1, true]);
    await retry();
    expect([attempts(), isWritten()]).toEqual([2, true]);
  });

  test("that was killed is left alone where the failed hook is skipped", async () => {
    await juju.take(await writing(), { fault: "kill" });
    await juju.resolve("alpha/0", { retry: false });
    expect(await namesOf(juju)).toEqual([]);
    expect([attempts(), isWritten()]).toEqual([1, false]);
  });
});

describe("a single call", () => {
  test("of a hook tool fails, has no effect, and the charm goes on", async () => {
    let answer: unknown;
    charm = async ({ runTool }) => {
      answer = await runTool("relation-set", ["-r", String(cluster), "written=yes"]);
      await runTool("status-set", ["active"]);
    };
    await juju.updateStatus("alpha/0");
    await stepTo(juju, "alpha/0 relation-set");
    await juju.take("alpha/0 relation-set", { fault: "fail" });
    expect(answer).toMatchObject({ exitCode: 1, stdout: "", stderr: "ERROR connection is shut down\n" });
    await juju.settle();
    expect(lastRun()).toMatchObject({ exitCode: 0 });
    expect(isWritten()).toBe(false);
  });

  test("of the disk and about processes fails as on a broken machine", async () => {
    const codes: unknown[] = [];
    charm = async ({ machine }) => {
      const program: Program = {
        main: "file:///w.js",
        args: [],
        load: async () => ({ run: async () => undefined }),
      };
      for (const call of [
        async () => await machine.disk.read("/state/log"),
        async () => await machine.processes.start(program, "", "/output"),
      ]) {
        await call().catch((error: { readonly code?: unknown }) => codes.push(error.code));
      }
      await machine.processes.leave(["juju-exec", "-u", "alpha/0", "JUJU_DISPATCH_PATH=hooks/x ./dispatch"]);
    };
    await juju.updateStatus("alpha/0");
    for (const what of ["disk.read", "processes.start", "processes.leave"]) {
      await stepTo(juju, `alpha/0 ${what}`);
      await juju.take(`alpha/0 ${what}`, { fault: "fail" });
    }
    await juju.settle();
    expect(codes).toEqual(["EIO", "EAGAIN"]);
    expect(juju.hooksRun().map(({ operation }) => operation)).not.toContain("juju-exec");
    expect(juju.machine("alpha/0").processes).toEqual([]);
  });
});

describe("leadership", () => {
  test("lost at any moment before the end costs the hook its writes", async () => {
    const end = await writing("alpha/0", "--app");
    await juju.setLeader("alpha/1");
    await juju.take(end);
    expect(isWritten("alpha")).toBe(false);
    expect(juju.log().at(-1)?.message).toContain('"alpha/0" is not leader of "alpha"');
  });

  test("lost and regained between two steps costs nothing, and is noticed only by an agent that looks", async () => {
    const end = await writing("alpha/0", "--app");
    await juju.setLeader("alpha/1");
    expect(await namesOf(juju)).toContain("alpha/1 begins leader-elected");
    await juju.setLeader("alpha/0");
    await juju.take(end);
    expect(isWritten("alpha")).toBe(true);
    await juju.settle();
    const elected = (): number =>
      juju.hooksRun().filter(({ unit, operation }) => unit === "alpha/0" && operation === "leader-elected")
        .length;
    expect(elected()).toBe(1);
    await juju.setLeader("alpha/1");
    await juju.take("alpha/0 takes note");
    await juju.setLeader("alpha/0");
    await juju.settle();
    expect(elected()).toBe(2);
  });

  test("can be nobody's for a while", async () => {
    await juju.removeLeader("alpha");
    await juju.take(await writing("alpha/1"));
    expect(juju.leader("alpha")).toBeUndefined();
    expect(isWritten("alpha/1")).toBe(true);
  });
});

describe("an agent and a machine", () => {
  test("an agent that starts anew kills its hook, which runs again, and leaves workers alone", async () => {
    const worker = await startWorker();
    await writing();
    await juju.restartAgent("alpha/0");
    expect(lastRun()).toMatchObject({ operation: "update-status", exitCode: 137 });
    expect([attempts(), isWritten()]).toEqual([1, false]);
    expect(await namesOf(juju)).toEqual([worker, "time passes"]);
    await retry();
    expect([attempts(), isWritten()]).toEqual([2, true]);
  });

  test("a machine that starts anew has another boot id, the same disk, and nothing that runs", async () => {
    await startWorker();
    const end = await writing();
    const [worker] = juju.machine("alpha/0").processes;
    await juju.restartMachine("alpha/0");
    expect(await namesOf(juju)).toEqual(["time passes"]);
    expect(juju.machine("alpha/0").processes).toEqual([]);
    expect([attempts(), isWritten()]).toEqual([1, false]);
    await startWorker();
    expect(juju.machine("alpha/0").processes[0]?.bootId).not.toBe(worker?.bootId);
    await expect(juju.take(end)).rejects.toThrow("may not happen now");
  });

  test("a worker is killed before its next act, or between two", async () => {
    const step = await startWorker();
    await juju.take(step, { fault: "kill" });
    const second = await startWorker();
    juju.machine("alpha/0").kill((await juju.steps()).find(({ name }) => name === second)?.pid ?? 0);
    expect(juju.machine("alpha/0").processes).toEqual([]);
    expect(juju.machine("alpha/0").disk.files().has("/work")).toBe(false);
    expect(await namesOf(juju)).toEqual([]);
  });

  test("a disk is lost", async () => {
    await juju.take(await writing());
    await juju.settle();
    juju.machine("alpha/0").disk.wipe();
    expect(attempts()).toBe(0);
  });

  test("the clock of one machine is ahead of the others, and goes as fast", async () => {
    const times: Record<string, string> = {};
    charm = async ({ environment, machine }) => {
      times[environment["JUJU_UNIT_NAME"] ?? ""] = machine.clock.now().toISOString();
    };
    juju.machine("alpha/1").skewClock(90_000);
    clock.moveTo(new Date("2026-01-01T01:00:00Z"));
    await juju.updateStatus("alpha/0");
    await juju.updateStatus("alpha/1");
    await juju.settle();
    expect(times).toEqual({ "alpha/0": "2026-01-01T01:00:00.000Z", "alpha/1": "2026-01-01T01:01:30.000Z" });
  });
});

describe("a unit", () => {
  test("that is removed runs its last hooks, each when it is taken", async () => {
    await juju.removeUnit("alpha/1");
    await juju.settle();
    expect(Object.keys(juju.status().applications["alpha"]?.units ?? {})).toEqual(["alpha/0"]);
    expect(juju.hooksRun().findLast(({ unit }) => unit === "alpha/1")?.operation).toBe("remove");
  });

  test("that is removed by force runs no hook more; its worker lives on, and reaches no unit", async () => {
    const step = await startWorker();
    await writing();
    const before = juju.hooksRun().length;
    await juju.removeUnit("alpha/0", { force: true });
    const gone = juju.machine("alpha/0");
    expect(juju.leader("alpha")).toBe("alpha/1");
    const orphan = (await juju.steps()).find(({ name }) => name === step);
    expect(orphan).toMatchObject({ machine: "alpha/0", what: "disk.append" });
    expect(orphan).not.toHaveProperty("unit");
    await juju.addUnit("alpha");
    expect(juju.machine("alpha/0")).not.toBe(gone);
    charm = async () => undefined;
    await juju.settle();
    expect(gone.disk.files().get("/work")).toBe("done\n");
    expect(gone.processes).toEqual([]);
    const later = juju.hooksRun().slice(before);
    expect(later.find(({ unit }) => unit === "alpha/0")?.operation).toBe("install");
    expect(later.map(({ operation }) => operation)).not.toContain("juju-exec");
    expect(later.map(({ unit, operation }) => `${unit} ${operation}`)).toContain(
      "alpha/1 cluster-relation-departed",
    );
  });

  test("that bears the name of one removed has another machine, with the old disk if the test says so", async () => {
    await juju.take(await writing());
    await juju.settle();
    const { disk } = juju.machine("alpha/0");
    await juju.removeUnit("alpha/0", { force: true });
    expect(await juju.addUnit("alpha", { disk })).toBe("alpha/0");
    expect(await juju.steps()).toContainEqual(
      expect.objectContaining({ name: "alpha/0 begins install", machine: "alpha/0@2" }),
    );
    expect(attempts()).toBe(1);
  });

  test("hears of things as late as the test likes", async () => {
    await juju.writeDatabag(cluster, "alpha", { round: "1" });
    const slow = "alpha/1 begins cluster-relation-changed 0 alpha";
    for (let round = 2; round < 5; round += 1) {
      const steps = await juju.steps();
      expect(steps.map(({ name }) => name)).toContain(slow);
      await juju.writeDatabag(cluster, "alpha", { round: String(round) });
      const others = steps.find(({ unit }) => unit === "alpha/0");
      if (others !== undefined) await juju.take(others);
    }
    const before = juju.hooksRun().length;
    await juju.settle();
    const late = juju.hooksRun().slice(before);
    expect(late.filter(({ unit }) => unit === "alpha/1")).toHaveLength(1);
  });
});

/** Lets unit alpha/0 start a worker that stands before its first act, and gives that step's name. */
async function startWorker(): Promise<string> {
  const program: Program = {
    main: "file:///worker.js",
    args: [],
    load: async () => ({
      run: async ({ machine }: RunningProgram) => {
        await machine.disk.append("/work", "done\n");
        await machine.processes.leave([
          "juju-exec",
          "-u",
          "alpha/0",
          "JUJU_DISPATCH_PATH=hooks/x ./dispatch",
        ]);
      },
    }),
  };
  const before = charm;
  let pid = 0;
  charm = async ({ machine }) => {
    pid = (await machine.processes.start(program, "", "/output"))?.pid ?? 0;
  };
  const { result } = juju.startAction("alpha/0", "probe");
  await stepTo(juju, "alpha/0 ends actions/probe");
  await juju.take("alpha/0 ends actions/probe");
  await result;
  charm = before;
  await juju.take(`alpha/0 process ${pid} begins`);
  return `alpha/0 process ${pid} disk.append`;
}
