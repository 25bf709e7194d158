import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, pause, tool, type ToolCall } from "./script.ts";
import { startForTest, ways } from "./ways.ts";

const cluster = 0;

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    probe = await way.start({ automaticallyRetryHooks: false });
    await probe.deploy("alpha", { units: 3 });
    await probe.deploy("beta");
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  /** What a call prints in an action, which changes no cache: no hook about a unit runs for it. */
  async function seen(unit: string, call: ToolCall): Promise<string | undefined> {
    await probe.on(unit, "probe", call);
    await probe.juju.runAction(unit, "probe");
    return (await probe.trace(unit, "probe")).results[0]?.stdout;
  }

  describe("what a hook writes", () => {
    test("[databag/own-writes] it sees at once: its unit's, as leader its application's, and its state", async () => {
      const results = await probe.run(
        "alpha/0",
        tool`relation-set -r ${backend} mine=1`,
        tool`relation-get -r ${backend} mine alpha/0`,
        tool`relation-set -r ${backend} --app ours=1`,
        tool`relation-get -r ${backend} --app ours alpha`,
        tool`state-set s=1`,
        tool`state-get s`,
      );
      const [, mine, , ours, , state] = results;
      expect([mine, ours, state]).toEqual([answer("1\n"), answer("1\n"), answer("1\n")]);
    });

    test("[databag/after-flush] others see when it has ended, and not before", async () => {
      await probe.on("alpha/0", "update-status", tool`relation-set -r ${backend} flushed=1`, pause("set"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "set");
      expect(probe.juju.databag(backend, "alpha/0")).not.toHaveProperty("flushed");
      await probe.release("alpha/0", "set");
      await probe.juju.settle();
      await probe.off("alpha/0", "update-status");
      const read = tool`relation-get -r ${backend} flushed alpha/0`;
      expect(await probe.output("beta/0", read)).toBe("1\n");
    });

    test("[databag/whole-map] is sent with all it had loaded, over what others wrote meanwhile", async () => {
      await probe.juju.writeDatabag(backend, "alpha", { touched: "old", untouched: "old" });
      await probe.on(
        "alpha/0",
        "update-status",
        tool`relation-set -r ${backend} --app touched=new`,
        pause("loaded"),
      );
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "loaded");
      await probe.juju.writeDatabag(backend, "alpha", { untouched: "newer", added: "newer" });
      await probe.release("alpha/0", "loaded");
      await probe.juju.settle();
      await probe.off("alpha/0", "update-status");
      expect(probe.juju.databag(backend, "alpha")).toMatchObject({
        touched: "new",
        untouched: "old",
        added: "newer",
      });
    });

    test("[databag/no-write] is nothing for a databag that it only read", async () => {
      await probe.juju.writeDatabag(backend, "alpha", { untouched: "old" });
      const read = tool`relation-get -r ${backend} --app untouched alpha`;
      await probe.on("alpha/0", "update-status", read, pause("read"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "read");
      await probe.juju.writeDatabag(backend, "alpha", { untouched: "newer" });
      await probe.release("alpha/0", "read");
      await probe.juju.settle();
      await probe.off("alpha/0", "update-status");
      expect(probe.juju.databag(backend, "alpha")["untouched"]).toBe("newer");
    });

    test("[databag/all-relations] counts in every relation, whichever the hook is about", async () => {
      const change = (): Promise<void> => probe.juju.writeDatabag(backend, "beta/0", { every: "1" });
      await probe.inHook("alpha/0", "backend-relation-changed", change, [
        tool`relation-set here=1`,
        tool`relation-set -r ${cluster} there=1`,
      ]);
      expect(probe.juju.databag(backend, "alpha/0")["here"]).toBe("1");
      expect(probe.juju.databag(cluster, "alpha/0")["there"]).toBe("1");
    });
  });

  describe("what a hook reads", () => {
    test("[databag/stale-member] another unit's databag is as old as the last hook about that unit", async () => {
      const see = tool`relation-get -r ${cluster} v alpha/2`;
      await probe.juju.writeDatabag(cluster, "alpha/2", { v: "1" });
      await probe.juju.settle();
      expect(await seen("alpha/1", see)).toBe("1\n");
      // The hook about alpha/2 waits behind one in error: until it has run, the old value is seen.
      await probe.failing("alpha/1", "update-status");
      await probe.updateStatus("alpha/1");
      await probe.juju.writeDatabag(cluster, "alpha/2", { v: "2" });
      await probe.juju.settle({ allowErrors: true });
      expect(await seen("alpha/1", see)).toBe("1\n");
      expect(await seen("alpha/1", see)).toBe("1\n");
      await probe.off("alpha/1", "update-status");
      await probe.juju.resolve("alpha/1");
      await probe.juju.settle();
      expect(await seen("alpha/1", see)).toBe("2\n");
    });

    test("[databag/stale-other-unit] a hook about one unit does not freshen what was read of another", async () => {
      const see = tool`relation-get -r ${cluster} w alpha/2`;
      await probe.juju.writeDatabag(cluster, "alpha/2", { w: "1" });
      await probe.juju.settle();
      expect(await seen("alpha/1", see)).toBe("1\n");
      await probe.on("alpha/1", "cluster-relation-changed", see);
      await probe.on("alpha/1", "probe", pause("acting"));
      const action = probe.juju.runAction("alpha/1", "probe");
      await probe.reached("alpha/1", "acting");
      // The hook about alpha/0 comes first.
      await probe.juju.writeDatabag(cluster, "alpha/0", { w: "2" });
      await probe.juju.writeDatabag(cluster, "alpha/2", { w: "2" });
      await probe.failing("alpha/1", "cluster-relation-changed", see);
      await probe.release("alpha/1", "acting");
      await action;
      await probe.juju.settle({ allowErrors: true });
      const { environment, results } = await probe.trace("alpha/1", "cluster-relation-changed");
      expect(environment["JUJU_REMOTE_UNIT"]).toBe("alpha/0");
      expect(results).toEqual([answer("1\n")]);
      await probe.on("alpha/1", "cluster-relation-changed", see);
      await probe.juju.resolve("alpha/1");
      await probe.juju.settle();
      const last = await probe.trace("alpha/1", "cluster-relation-changed");
      expect(last.environment["JUJU_REMOTE_UNIT"]).toBe("alpha/2");
      expect(last.results).toEqual([answer("2\n")]);
      await probe.off("alpha/1", "cluster-relation-changed");
    });

    test("[databag/fresh-application] an application's databag is read once in a hook, and fresh in the next", async () => {
      const see = tool`relation-get -r ${cluster} --app v alpha`;
      await probe.juju.writeDatabag(cluster, "alpha", { v: "1" });
      await probe.juju.settle();
      await probe.on("alpha/1", "update-status", see, pause("read"), see);
      await probe.juju.updateStatus("alpha/1");
      await probe.reached("alpha/1", "read");
      await probe.juju.writeDatabag(cluster, "alpha", { v: "2" });
      await probe.release("alpha/1", "read");
      await probe.juju.settle();
      const { results } = await probe.trace("alpha/1", "update-status");
      expect(results).toEqual([answer("1\n"), answer("1\n")]);
      await probe.off("alpha/1", "update-status");
      expect(await probe.output("alpha/1", see)).toBe("2\n");
    });

    test("[databag/remote-application] so is that of the remote application", async () => {
      const see = tool`relation-get -r ${backend} --app v beta`;
      await probe.on("alpha/1", "update-status", see, pause("asked"), see);
      await probe.juju.writeDatabag(backend, "beta", { v: "1" });
      await probe.juju.settle();
      await probe.juju.updateStatus("alpha/1");
      await probe.reached("alpha/1", "asked");
      await probe.juju.writeDatabag(backend, "beta", { v: "2" });
      await probe.release("alpha/1", "asked");
      await probe.juju.settle();
      const { results } = await probe.trace("alpha/1", "update-status");
      expect(results).toEqual([answer("1\n"), answer("1\n")]);
      await probe.off("alpha/1", "update-status");
      expect(await probe.output("alpha/1", see)).toBe("2\n");
    });
  });

  describe("the databag of a unit that is gone", () => {
    test("[databag/after-departed] is still read, in its departed hook and after", async () => {
      const unit = await probe.juju.addUnit("beta");
      await probe.juju.settle();
      await probe.output(unit, tool`relation-set -r ${backend} last=words`);
      const remove = (): Promise<void> => probe.juju.removeUnit(unit);
      const read = [tool`relation-get last`];
      expect(await probe.inHook("alpha/0", "backend-relation-departed", remove, read)).toEqual([
        answer("words\n"),
      ]);
      expect(await probe.output("alpha/0", tool`relation-get -r ${backend} last ${unit}`)).toBe("words\n");
    });

    test("[databag/scale-to-zero] a peer relation and its application databag outlive every unit", async () => {
      await probe.deploy("gamma");
      await probe.juju.settle();
      const peer = Number((await probe.output("gamma/0", tool`relation-ids cluster`)).split(":")[1]);
      await probe.output("gamma/0", tool`relation-set -r ${peer} --app kept=1`);
      await probe.output("gamma/0", tool`relation-set -r ${peer} unit=1`);
      await probe.juju.removeUnit("gamma/0");
      await probe.juju.settle();
      expect(probe.juju.leader("gamma")).toBeUndefined();
      const unit = await probe.juju.addUnit("gamma");
      await probe.juju.settle();
      expect(probe.juju.leader("gamma")).toBe(unit);
      expect(probe.ran(unit)).toContain("leader-elected");
      expect(await probe.output(unit, tool`relation-get -r ${peer} --app kept gamma`)).toBe("1\n");
      expect(await probe.output(unit, tool`relation-get -r ${peer} unit gamma/0`)).toBe("1\n");
      await probe.juju.removeApplication("gamma");
      await probe.juju.settle();
    });
  });

  describe("the numbers of units", () => {
    test("[unit-number/never-again] on machines a number is never given again", async () => {
      const unit = await probe.juju.addUnit("beta");
      await probe.juju.removeUnit(unit);
      await probe.juju.settle();
      expect(await probe.juju.addUnit("beta")).not.toBe(unit);
      await probe.juju.settle();
    });

    test("[unit-number/reused] on request it is given again, to a unit that begins with a databag of its own", async () => {
      const reusing = await startForTest(way);
      await reusing.deploy("alpha", { units: 2, reuseUnitNumbers: true });
      await reusing.juju.settle();
      await reusing.output("alpha/1", tool`relation-set -r ${cluster} left=behind`);
      await reusing.output("alpha/1", tool`state-set left=behind`);
      await reusing.juju.removeUnit("alpha/1");
      await reusing.juju.settle();
      const from = reusing.now;
      expect(await reusing.juju.addUnit("alpha")).toBe("alpha/1");
      await reusing.juju.settle();
      expect(reusing.ran("alpha/1", from).slice(0, 2)).toEqual(["install", "cluster-relation-created"]);
      expect(reusing.ran("alpha/0", from)).toEqual([
        "cluster-relation-joined alpha/1",
        "cluster-relation-changed alpha/1",
      ]);
      expect(reusing.juju.databag(cluster, "alpha/1")).toEqual({
        "egress-subnets": "10.0.0.3/32",
        "ingress-address": "10.0.0.3",
        "private-address": "10.0.0.3",
      });
      expect(await reusing.output("alpha/1", tool`state-get --format=json`)).toBe("{}\n");
      expect(await reusing.output("alpha/0", tool`relation-get -r ${cluster} left alpha/1`)).toBe("");
    });

    test("[unit-number/reused-from-zero] also after the last unit is gone, with the application's databag kept", async () => {
      const reusing = await startForTest(way);
      await reusing.deploy("alpha", { reuseUnitNumbers: true });
      await reusing.juju.settle();
      await reusing.output("alpha/0", tool`relation-set -r ${cluster} --app kept=1`);
      await reusing.juju.removeUnit("alpha/0");
      await reusing.juju.settle();
      expect(await reusing.juju.addUnit("alpha")).toBe("alpha/0");
      await reusing.juju.settle();
      expect(await reusing.output("alpha/0", tool`is-leader`)).toBe("True\n");
      expect(await reusing.output("alpha/0", tool`relation-get -r ${cluster} --app kept alpha`)).toBe("1\n");
    });
  });
});
