import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedJuju, type ActionResult } from "../../lib/testing/index.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { answer, ShellProbe, probeCharm, refusal, waitFor } from "./juju-contract/shell-probe.ts";

const cluster = 0;
let juju: SimulatedJuju;
let probe: ShellProbe;
let backend: number;

beforeAll(async () => {
  // A failed hook runs again when a test says so, and never by the clock.
  juju = await SimulatedJuju.start({ hookRetryDelayMs: 300_000 });
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "alpha", units: 3 });
  await juju.deploy({ charm: probeCharm, application: "beta" });
  backend = await juju.integrate("alpha:backend", "beta:frontend");
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

function count(unit: string, operation: string): number {
  return juju.hooksRun().filter((run) => run.unit === unit && run.operation === operation).length;
}

/** Runs a script in an `update-status` hook, whatever comes of it. */
async function updateStatus(unit: string, script: string): Promise<void> {
  await probe.on(unit, "update-status", script);
  await juju.updateStatus(unit);
  await juju.settle({ allowErrors: true });
}

/** Runs a script as an action. */
async function act(script: string): Promise<ActionResult> {
  await probe.on("alpha/0", "probe", script);
  const result = await juju.runAction("alpha/0", "probe", { flag: true });
  await juju.settle();
  return result;
}

/** Shell: runs a command on alpha/0 from outside any hook. */
function exec(command: string): string {
  return `env -u JUJU_CONTEXT_ID juju-exec -u alpha/0 '${command}'`;
}

describe("a hook that fails", () => {
  test("keeps its statuses and logs, and drops its databags and its state", async () => {
    await updateStatus(
      "alpha/0",
      `relation-set -r ${backend} unit=1; relation-set -r ${backend} --app application=1; state-set kept=no
       status-set blocked "half way"; juju-log "half way"; exit 3`,
    );
    expect(juju.databag(backend, "alpha/0")).not.toHaveProperty("unit");
    expect(juju.databag(backend, "alpha")).toEqual({});
    expect(juju.status().applications["alpha"]?.units["alpha/0"]).toMatchObject({
      workload: { name: "blocked", message: "half way" },
      agent: { name: "error", message: 'hook failed: "update-status"' },
    });
    expect(juju.log()).toContainEqual(expect.objectContaining({ level: "INFO", message: "half way" }));
    await expect(juju.settle()).rejects.toThrow("alpha/0 is in hook error: update-status");
  });

  test("holds back every other hook, but no action and no juju-exec", async () => {
    const before = count("alpha/0", "config-changed");
    await juju.configure("alpha", { name: "other" });
    await juju.settle({ allowErrors: true });
    expect(count("alpha/0", "config-changed")).toBe(before);
    expect(count("alpha/1", "config-changed")).toBe(2);
    await probe.on("alpha/0", "probe", `relation-set -r ${backend} by=action; action-set ran=yes`);
    expect(await juju.runAction("alpha/0", "probe")).toMatchObject({
      status: "completed",
      results: { ran: "yes" },
    });
    const [executed] = await probe.run("alpha/1", `env -u JUJU_CONTEXT_ID juju-exec -u alpha/0 "is-leader"`);
    expect(executed).toEqual(answer("True\n"));
    expect(juju.databag(backend, "alpha/0")["by"]).toBe("action");
  });

  test("runs again until it ends well, and then the others go on", async () => {
    const before = count("alpha/0", "update-status");
    await juju.resolve("alpha/0");
    await juju.settle({ allowErrors: true });
    expect(count("alpha/0", "update-status")).toBe(before + 1);
    await probe.on("alpha/0", "update-status", `relation-set -r ${backend} unit=2`);
    await juju.resolve("alpha/0");
    await juju.settle();
    expect(juju.databag(backend, "alpha/0")["unit"]).toBe("2");
    expect(count("alpha/0", "config-changed")).toBe(2);
    await expect(juju.resolve("alpha/0")).rejects.toThrow("not in hook error");
  });

  test("counts as done without having run when it is resolved without a retry", async () => {
    await updateStatus("alpha/0", "exit 1");
    const before = count("alpha/0", "update-status");
    await juju.resolve("alpha/0", { retry: false });
    await juju.settle();
    expect(count("alpha/0", "update-status")).toBe(before);
  });

  test("runs again by itself after its delay", async () => {
    const other = await startForTest({ hookRetryDelayMs: 1 });
    const failing = new ShellProbe(other);
    await failing.on(
      "solo/0",
      "install",
      'test -e "$place/tried" && exit 0; touch "$place/tried"; kill -9 $$',
    );
    await other.deploy({ charm: probeCharm, application: "solo" });
    while (other.hooksRun().at(-1)?.operation !== "start") await other.settle({ allowErrors: true });
    expect(other.hooksRun().slice(0, 2)).toMatchObject([
      { operation: "install", exitCode: 137 },
      { operation: "install", exitCode: 0 },
    ]);
    await stopAndCheckForLeaks(other);
  });
});

describe("leadership", () => {
  test("lost before the end of the hook fails the hook and drops all that it wrote", async () => {
    await probe.on(
      "alpha/0",
      "update-status",
      `relation-set -r ${backend} --app as=leader; relation-set -r ${backend} lost=yes; ${waitFor("wrote", "deposed")}`,
    );
    await juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "wrote");
    await juju.setLeader("alpha/1");
    await probe.release("alpha/0", "deposed");
    await juju.settle({ allowErrors: true });
    expect(juju.databag(backend, "alpha")).toEqual({});
    expect(juju.databag(backend, "alpha/0")).not.toHaveProperty("lost");
    expect(juju.status().applications["alpha"]?.units["alpha/0"]?.agent.name).toBe("error");
    expect(juju.log()).toContainEqual(
      expect.objectContaining({ message: 'prerequisites failed: "alpha/0" is not leader of "alpha"' }),
    );
    await probe.off("alpha/0", "update-status");
    await juju.resolve("alpha/0");
    await juju.settle();
  });

  test("gives leader-elected to the new leader only", () => {
    expect(count("alpha/1", "leader-elected")).toBe(1);
    expect(count("alpha/0", "leader-elected")).toBe(1);
  });

  test("once denied is denied for the rest of the hook", async () => {
    await probe.on(
      "alpha/2",
      "update-status",
      `is-leader >"$place/was"; ${waitFor("asked", "elected")}; is-leader >>"$place/was"`,
    );
    await juju.updateStatus("alpha/2");
    await probe.reached("alpha/2", "asked");
    await juju.setLeader("alpha/2");
    await probe.release("alpha/2", "elected");
    await juju.settle();
    expect(await probe.output("alpha/2", 'cat "$place/was"; is-leader')).toBe("False\nFalse\nTrue\n");
    await juju.setLeader("alpha/0");
    await juju.settle();
  });

  test("makes the leader hear of its own write to a peer relation", async () => {
    const before = count("alpha/0", "cluster-relation-changed");
    await probe.output("alpha/0", `relation-set -r ${cluster} --app term=1`);
    expect(count("alpha/0", "cluster-relation-changed")).toBe(before + 1);
    expect(juju.hooksRun().findLast((run) => run.unit === "alpha/0")).not.toHaveProperty("remoteUnit");
    const backends = count("alpha/0", "backend-relation-changed");
    await probe.output("alpha/0", `relation-set -r ${backend} --app term=1`);
    expect(count("alpha/0", "backend-relation-changed")).toBe(backends);
  });

  test("can be made not to", async () => {
    const quiet = await startForTest({ leaderSelfChanged: false });
    await quiet.deploy({ charm: probeCharm, application: "alpha", units: 2 });
    await new ShellProbe(quiet).output("alpha/0", "relation-set -r 0 --app term=1");
    const changed = quiet
      .hooksRun()
      .filter((run) => run.operation.endsWith("changed") && run.remoteUnit === undefined);
    expect(changed.filter((run) => run.operation.startsWith("cluster")).map((run) => run.unit)).toEqual([
      "alpha/1",
    ]);
    await stopAndCheckForLeaks(quiet);
  });
});

describe("a databag", () => {
  test("shows a hook its own writes before anybody else sees them", async () => {
    const [own, application, state] = await probe.run(
      "alpha/0",
      `relation-set -r ${backend} mine=1; relation-get -r ${backend} mine alpha/0`,
      `relation-set -r ${backend} --app ours=1; relation-get -r ${backend} --app ours alpha`,
      "state-set s=1; state-get s",
    );
    expect([own, application, state]).toEqual([answer("1\n"), answer("1\n"), answer("1\n")]);
    expect(await probe.output("beta/0", `relation-get -r ${backend} mine alpha/0`)).toBe("1\n");
    expect(await probe.output("beta/0", `relation-get -r ${backend} --app ours alpha`)).toBe("1\n");
  });

  test("is written as a whole map, over what others wrote meanwhile", async () => {
    await juju.writeDatabag(backend, "alpha", { touched: "old", untouched: "old" });
    await probe.on(
      "alpha/0",
      "update-status",
      `relation-set -r ${backend} --app touched=new; ${waitFor("loaded", "overtaken")}`,
    );
    await juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "loaded");
    await juju.writeDatabag(backend, "alpha", { untouched: "newer", added: "newer" });
    await probe.release("alpha/0", "overtaken");
    await juju.settle();
    expect(juju.databag(backend, "alpha")).toMatchObject({
      touched: "new",
      untouched: "old",
      added: "newer",
    });
  });

  test("of another unit is as old as the last hook about that unit", async () => {
    const see = `relation-get -r ${cluster} v alpha/2`;
    await juju.writeDatabag(cluster, "alpha/2", { v: "1" });
    await juju.settle();
    expect(await probe.output("alpha/1", see)).toBe("1\n");
    // The hook about alpha/2 waits for its turn: until then the old value is seen, in however many hooks.
    await probe.on("alpha/1", "update-status", waitFor("held", "let-go"));
    await juju.updateStatus("alpha/1");
    await probe.reached("alpha/1", "held");
    await juju.writeDatabag(cluster, "alpha/2", { v: "2" });
    await probe.on("alpha/1", "probe", `action-set v=$(${see})`);
    const action = juju.runAction("alpha/1", "probe");
    await probe.release("alpha/1", "let-go");
    expect((await action).results["v"]).toBe("1");
    await juju.settle();
    expect(await probe.output("alpha/1", see)).toBe("2\n");
  });

  test("of an application is fresh in each hook", async () => {
    await juju.writeDatabag(cluster, "alpha", { v: "1" });
    await juju.settle();
    const see = `relation-get -r ${cluster} --app v alpha`;
    await probe.output("alpha/1", see);
    await probe.on(
      "alpha/1",
      "update-status",
      `${see} >"$place/seen"; ${waitFor("read", "reread")}; ${see} >>"$place/seen"`,
    );
    await juju.updateStatus("alpha/1");
    await probe.reached("alpha/1", "read");
    await juju.writeDatabag(cluster, "alpha", { v: "2" });
    await probe.release("alpha/1", "reread");
    await juju.settle();
    expect(await probe.output("alpha/1", `cat "$place/seen"; ${see}`)).toBe("1\n1\n2\n");
  });
});

describe("an action", () => {
  test("that ends well hands over results, log, output and databags", async () => {
    const result = await act(
      `action-log begin; action-log "still at it"; action-set a.b=1 a.c=2 plain=x; action-set a=over
       action-set d.e=1; action-set d.e=2; relation-set -r ${backend} action=1; echo said; echo warned >&2`,
    );
    expect(result).toEqual({
      status: "completed",
      message: "",
      results: {
        a: "over",
        plain: "x",
        "d.e": "2",
        "return-code": "0",
        stdout: "said\n",
        stderr: "warned\n",
      },
      log: ["begin", "still at it"],
    });
    expect(juju.databag(backend, "alpha/0")["action"]).toBe("1");
  });

  test("that calls action-fail and exits with 0 has failed, and its databags are written", async () => {
    expect(await act(`relation-set -r ${backend} action=2; action-fail "no disk"`)).toMatchObject({
      status: "failed",
      message: "no disk",
    });
    expect(juju.databag(backend, "alpha/0")["action"]).toBe("2");
    expect((await act("action-fail")).message).toBe(
      "action failed without reason given, check action for errors",
    );
  });

  test("that exits with another code has failed, without its databags but with its results", async () => {
    const result = await act(`relation-set -r ${backend} action=3; action-set got=far; exit 7`);
    expect(result).toMatchObject({
      status: "failed",
      message: "exit status 7",
      results: { got: "far", "return-code": "7" },
    });
    expect(juju.databag(backend, "alpha/0")["action"]).toBe("2");
    expect(juju.status().applications["alpha"]?.units["alpha/0"]?.agent.name).toBe("idle");
  });

  test("whose leader was deposed has failed", async () => {
    await probe.on("alpha/0", "probe", `relation-set -r ${backend} --app x=1; ${waitFor("acting", "acted")}`);
    const running = juju.runAction("alpha/0", "probe");
    await probe.reached("alpha/0", "acting");
    await juju.setLeader("alpha/1");
    await probe.release("alpha/0", "acted");
    expect(await running).toMatchObject({ status: "failed", message: "committing requested changes failed" });
    await juju.setLeader("alpha/0");
    await juju.settle();
  });
});

describe("juju-exec", () => {
  test("passes on output and exit code, and hands over databags whatever the exit code", async () => {
    const [executed] = await probe.run(
      "beta/0",
      exec(`echo out; echo err >&2; relation-set -r ${backend} exec=1; exit 5`),
    );
    expect(executed).toEqual({ code: 5, stdout: "out\n", stderr: "err\n" });
    expect(juju.databag(backend, "alpha/0")["exec"]).toBe("1");
  });

  test("gives its command a context of its own, without a hook", async () => {
    const [environment] = await probe.run("beta/0", exec("env; pwd"));
    const lines = environment?.stdout.split("\n") ?? [];
    expect(lines).toContain("JUJU_HOOK_NAME=");
    expect(lines).toContain("JUJU_UNIT_NAME=alpha/0");
    expect(lines.join("\n")).toMatch(/^JUJU_CONTEXT_ID=alpha\/0-run-commands-[0-9a-f]{32}$/mu);
    expect(lines.filter((line) => /^JUJU_(?:DISPATCH_PATH|REL|REMOTE)/u.test(line))).toEqual([]);
  });

  test("gives its command a relation on request", async () => {
    const show = `env -u JUJU_CONTEXT_ID juju-exec -u alpha/0 -r backend:${backend} 'echo $JUJU_RELATION_ID $JUJU_REMOTE_UNIT; relation-list'`;
    expect(await probe.run("beta/0", show)).toEqual([answer(`backend:${backend} beta/0\nbeta/0\n`)]);
  });

  test("lets a charm dispatch an event to itself from a process that it left behind", async () => {
    await probe.on(
      "alpha/0",
      "worker-done",
      `relation-set -r ${backend} worker=done; touch "$place/worker-done-ran"`,
    );
    const dispatch = `JUJU_DISPATCH_PATH=hooks/worker-done $CHARM_DIR/dispatch`;
    await updateStatus(
      "alpha/0",
      `unset JUJU_CONTEXT_ID; setsid juju-exec -u alpha/0 "${dispatch}" >/dev/null 2>&1 </dev/null &`,
    );
    await probe.reached("alpha/0", "worker-done-ran");
    await juju.settle();
    expect(juju.databag(backend, "alpha/0")["worker"]).toBe("done");
    const last = juju.hooksRun().findLast((run) => run.unit === "alpha/0");
    expect(last).toMatchObject({ operation: "juju-exec", exitCode: 0 });
  });

  test("is refused within a hook, for an unknown unit, and without a command", async () => {
    const [within, unknown, without, tool] = await probe.run(
      "alpha/0",
      "JUJU_CONTEXT_ID=id juju-exec -u alpha/0 true",
      "env -u JUJU_CONTEXT_ID juju-exec -u alpha/9 true",
      "env -u JUJU_CONTEXT_ID juju-exec alpha/0",
      "env -u JUJU_CONTEXT_ID is-leader",
    );
    expect(within).toEqual(refusal(1, 'juju-run cannot be called from within a hook, have context "id"'));
    expect(unknown).toEqual(refusal(1, 'unit "alpha/9" not found on this machine'));
    expect(without).toEqual(refusal(2, "missing commands"));
    expect(tool).toEqual(refusal(1, "JUJU_CONTEXT_ID not set"));
  });
});
