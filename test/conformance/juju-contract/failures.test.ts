import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VirtualClock } from "../../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, pause, tool } from "./script.ts";
import { startForTest, ways } from "./ways.ts";

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    // A failed hook runs again when a test says so, and never by the clock.
    probe = await way.start({ automaticallyRetryHooks: false });
    await probe.deploy("alpha", { units: 2 });
    await probe.deploy("beta");
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  function unitOf(unit: string): object | undefined {
    return probe.juju.status().applications[unit.slice(0, unit.indexOf("/"))]?.units[unit];
  }

  /** How the runs of `update-status` of a unit ended. */
  function exitCodes(unit: string, from: number): readonly number[] {
    const runs = probe.juju.hooksRun().slice(from);
    const own = runs.filter((run) => run.unit === unit && run.operation === "update-status");
    return own.map(({ exitCode }) => exitCode);
  }

  /** Lets the failed hook of a unit be done. */
  async function recover(unit: string, hook: string): Promise<void> {
    await probe.off(unit, hook);
    await probe.juju.resolve(unit);
    await probe.juju.settle();
  }

  describe("a hook that fails", () => {
    test("[failure/drops] drops its databags and its state", async () => {
      await probe.failing(
        "alpha/0",
        "update-status",
        tool`relation-set -r ${backend} unit=1`,
        tool`relation-set -r ${backend} --app application=1`,
        tool`state-set kept=no`,
      );
      await probe.updateStatus("alpha/0");
      expect((await probe.trace("alpha/0", "update-status")).results).toEqual(Array(3).fill(answer("")));
      expect(probe.juju.databag(backend, "alpha/0")).not.toHaveProperty("unit");
      expect(probe.juju.databag(backend, "alpha")).toEqual({});
      await recover("alpha/0", "update-status");
      expect(await probe.output("alpha/0", tool`state-get --format=json`)).toBe("{}\n");
    });

    test("[failure/keeps] keeps its statuses and its lines in the log", async () => {
      await probe.failing(
        "alpha/0",
        "update-status",
        tool`status-set blocked ${"half way"}`,
        tool`juju-log ${"half way"}`,
      );
      await probe.updateStatus("alpha/0");
      expect(unitOf("alpha/0")).toMatchObject({ workload: { name: "blocked", message: "half way" } });
      expect(probe.juju.log()).toContainEqual(
        expect.objectContaining({ level: "INFO", message: "half way" }),
      );
      await recover("alpha/0", "update-status");
    });

    test("[failure/agent-status] puts the unit's agent in error, with the name of the hook", async () => {
      await probe.failing("alpha/0", "update-status");
      await probe.updateStatus("alpha/0");
      expect(unitOf("alpha/0")).toMatchObject({
        agent: { name: "error", message: 'hook failed: "update-status"' },
      });
      await expect(probe.juju.settle()).rejects.toThrow("alpha/0 is in hook error: update-status");
      await recover("alpha/0", "update-status");
      expect(unitOf("alpha/0")).toMatchObject({ agent: { name: "idle", message: "" } });
    });

    test("[failure/holds-back] holds back every other hook of its unit, and none of another unit", async () => {
      await probe.failing("alpha/0", "update-status");
      await probe.updateStatus("alpha/0");
      const from = probe.now;
      await probe.juju.configure("alpha", { name: "other" });
      await probe.juju.settle({ allowErrors: true });
      expect(probe.ran("alpha/0", from)).toEqual([]);
      expect(probe.ran("alpha/1", from)).toEqual(["config-changed"]);
      await recover("alpha/0", "update-status");
      expect(probe.ran("alpha/0", from)).toEqual(["update-status", "config-changed"]);
    });

    test("[failure/not-actions] holds back no action and no command, whose writes count", async () => {
      await probe.failing("alpha/0", "update-status");
      await probe.updateStatus("alpha/0");
      await probe.on("alpha/0", "probe", tool`relation-set -r ${backend} by=action`);
      await probe.on("alpha/0", "my-event", tool`relation-set -r ${backend} too=command`);
      expect(await probe.juju.runAction("alpha/0", "probe")).toMatchObject({ status: "completed" });
      expect(await probe.dispatch("alpha/0", "my-event")).toMatchObject({ exitCode: 0 });
      expect(probe.juju.databag(backend, "alpha/0")).toMatchObject({ by: "action", too: "command" });
      expect(unitOf("alpha/0")).toMatchObject({ agent: { name: "error" } });
      await recover("alpha/0", "update-status");
    });
  });

  describe("a retry", () => {
    test("[retry/same-hook] runs the same hook again until it ends well", async () => {
      await probe.failing("alpha/0", "backend-relation-changed");
      await probe.juju.writeDatabag(backend, "beta/0", { retried: "1" });
      await probe.juju.settle({ allowErrors: true });
      const from = probe.now;
      await probe.juju.resolve("alpha/0");
      await probe.juju.settle({ allowErrors: true });
      await recover("alpha/0", "backend-relation-changed");
      const changed = "backend-relation-changed beta/0";
      expect(probe.ran("alpha/0", from)).toEqual([changed, changed]);
      await expect(probe.juju.resolve("alpha/0")).rejects.toThrow("not in hook error");
    });

    test("[retry/no-retry] resolved without one, the hook counts as done without having run", async () => {
      await probe.failing("alpha/0", "backend-relation-changed");
      await probe.juju.writeDatabag(backend, "beta/0", { skipped: "1" });
      await probe.juju.settle({ allowErrors: true });
      const from = probe.now;
      await probe.juju.resolve("alpha/0", { retry: false });
      await probe.juju.settle();
      await probe.off("alpha/0", "backend-relation-changed");
      expect(probe.ran("alpha/0", from)).toEqual([]);
      expect(unitOf("alpha/0")).toMatchObject({ agent: { name: "idle" } });
    });

    test("[retry/fresh-data] sees the data of its unit as it is by then", async () => {
      await probe.failing("alpha/0", "backend-relation-changed", tool`relation-get seen`);
      await probe.juju.writeDatabag(backend, "beta/0", { seen: "before" });
      await probe.juju.settle({ allowErrors: true });
      await probe.juju.writeDatabag(backend, "beta/0", { seen: "after" });
      await probe.on("alpha/0", "backend-relation-changed", tool`relation-get seen`);
      await probe.juju.resolve("alpha/0");
      await probe.juju.settle();
      const { results } = await probe.trace("alpha/0", "backend-relation-changed");
      expect(results).toEqual([answer("after\n")]);
      await probe.off("alpha/0", "backend-relation-changed");
    });

    test("[retry/unit-gone] may be about a unit that has gone meanwhile", async () => {
      const unit = await probe.juju.addUnit("beta");
      await probe.juju.settle();
      await probe.failing("alpha/0", "backend-relation-changed");
      await probe.juju.writeDatabag(backend, unit, { last: "1" });
      await probe.juju.settle({ allowErrors: true });
      await probe.juju.removeUnit(unit);
      await probe.juju.settle({ allowErrors: true });
      expect(probe.juju.status().applications["beta"]?.units).not.toHaveProperty(unit);
      const from = probe.now;
      await probe.on("alpha/0", "backend-relation-changed", tool`relation-get last`, tool`relation-list`);
      await probe.juju.resolve("alpha/0");
      await probe.juju.settle();
      expect(probe.ran("alpha/0", from)).toEqual([
        `backend-relation-changed ${unit}`,
        `backend-relation-departed ${unit}`,
      ]);
      const { environment, results } = await probe.trace("alpha/0", "backend-relation-changed");
      expect(environment["JUJU_REMOTE_UNIT"]).toBe(unit);
      expect(results).toEqual([answer("1\n"), answer(`beta/0\n${unit}\n`)]);
      await probe.off("alpha/0", "backend-relation-changed");
    });

    test("[retry/back-off] comes by itself after 5 s, then twice as long each time, up to 5 min", async () => {
      const clock = new VirtualClock();
      const timed = await startForTest(way, { clock });
      await timed.deploy("solo");
      await timed.juju.settle();
      await timed.failing("solo/0", "update-status");
      await timed.juju.updateStatus("solo/0");
      await timed.juju.settle({ allowErrors: true });
      for (const seconds of [5, 10, 20, 40, 80, 160, 300, 300]) {
        const from = timed.now;
        await timed.juju.advance(seconds * 1000 - 1);
        expect(timed.ran("solo/0", from)).toEqual([]);
        await timed.juju.advance(1);
        expect(timed.ran("solo/0", from)).toEqual(["update-status"]);
      }
      await timed.off("solo/0", "update-status");
      await timed.juju.resolve("solo/0");
      await timed.juju.settle();
      // The next failure is a first one again.
      await timed.failing("solo/0", "update-status");
      await timed.juju.updateStatus("solo/0");
      await timed.juju.settle({ allowErrors: true });
      const from = timed.now;
      await timed.juju.advance(5000);
      expect(timed.ran("solo/0", from)).toEqual(["update-status"]);
    });

    test("[retry/switched-off] never comes by itself where that is switched off", async () => {
      const clock = new VirtualClock();
      const timed = await startForTest(way, { clock, automaticallyRetryHooks: false });
      await timed.failing("solo/0", "install");
      await timed.deploy("solo");
      await timed.juju.settle({ allowErrors: true });
      const from = timed.now;
      await timed.juju.advance(3_600_000);
      expect(timed.ran("solo/0", from)).toEqual([]);
      await timed.off("solo/0", "install");
      await timed.juju.resolve("solo/0");
      await timed.juju.settle();
      expect(timed.ran("solo/0", from)).toContain("install");
    });
  });

  describe("an agent that is killed", () => {
    test("[agent/killed-in-hook] in a hook fails that hook, without its writes, and runs it again", async () => {
      await probe.on("alpha/0", "update-status", tool`relation-set -r ${backend} killed=1`, pause("killed"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "killed");
      const from = probe.now;
      await probe.juju.restartAgent("alpha/0");
      await probe.juju.settle({ allowErrors: true });
      expect(probe.juju.databag(backend, "alpha/0")).not.toHaveProperty("killed");
      expect(unitOf("alpha/0")).toMatchObject({
        agent: { name: "error", message: 'hook failed: "update-status"' },
      });
      await recover("alpha/0", "update-status");
      expect(exitCodes("alpha/0", from)).toEqual([137, 0]);
    });

    test("[agent/at-least-once] after the writes and before it has noted the hook, runs the hook again over them", async () => {
      const count = tool`relation-get -r ${backend} count alpha/0`;
      const set = tool`relation-set -r ${backend} count=1`;
      await probe.on("alpha/0", "update-status", count, set, pause("written"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "written");
      const from = probe.now;
      await probe.juju.restartAgent("alpha/0", { when: "unrecorded" });
      await probe.release("alpha/0", "written");
      await probe.juju.settle({ allowErrors: true });
      expect(probe.juju.databag(backend, "alpha/0")["count"]).toBe("1");
      await probe.juju.resolve("alpha/0");
      await probe.juju.settle();
      expect((await probe.trace("alpha/0", "update-status")).results[0]).toEqual(answer("1\n"));
      expect(exitCodes("alpha/0", from)).toEqual([0, 0]);
      await probe.off("alpha/0", "update-status");
    });

    test("[agent/forgets-readings] has forgotten what it read of other units", async () => {
      const see = tool`relation-get -r ${backend} v beta/0`;
      await probe.juju.writeDatabag(backend, "beta/0", { v: "old" });
      await probe.juju.settle();
      expect(await probe.output("alpha/0", see)).toBe("old\n");
      // The hook about beta/0 waits behind one in error.
      await probe.failing("alpha/0", "update-status");
      await probe.updateStatus("alpha/0");
      await probe.juju.writeDatabag(backend, "beta/0", { v: "new" });
      await probe.juju.settle({ allowErrors: true });
      await probe.on("alpha/0", "probe", see);
      await probe.juju.runAction("alpha/0", "probe");
      expect((await probe.trace("alpha/0", "probe")).results).toEqual([answer("old\n")]);
      await probe.juju.restartAgent("alpha/0");
      await probe.juju.runAction("alpha/0", "probe");
      expect((await probe.trace("alpha/0", "probe")).results).toEqual([answer("new\n")]);
      await recover("alpha/0", "update-status");
    });

    test("[agent/forgets-commands] has lost the commands that wait, and no action", async () => {
      await probe.on("alpha/0", "update-status", pause("held"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "held");
      const command = probe.dispatch("alpha/0", "my-event");
      const action = probe.juju.runAction("alpha/0", "probe");
      await probe.juju.restartAgent("alpha/0");
      expect(await command).toMatchObject({ exitCode: 1, stdout: "" });
      expect(await action).toMatchObject({ status: "completed" });
      await recover("alpha/0", "update-status");
    });
  });
});
