import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import { probeCharm, type Probe } from "./probe.ts";
import { answer, pause, tool } from "./script.ts";
import { ways } from "./ways.ts";

describe.each(ways)("$name", (way) => {
  let probe: Probe;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha");
    await probe.juju.settle();
    await probe.deploy("beta");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  /** Keeps a unit busy in an `update-status` hook while something else happens. */
  async function whileBusy(unit: string, something: () => Promise<unknown>): Promise<void> {
    await probe.on(unit, "update-status", pause("busy"));
    await probe.juju.updateStatus(unit);
    await probe.reached(unit, "busy");
    await something();
    await probe.release(unit, "busy");
    await probe.juju.settle();
    await probe.off(unit, "update-status");
  }

  describe("the life of a unit", () => {
    test("[order/start] it begins with install, relation-created, leader-elected, config-changed, start", () => {
      expect(probe.ran("alpha/0")).toEqual([
        "install",
        "cluster-relation-created",
        "leader-elected",
        "config-changed",
        "start",
      ]);
      expect(probe.juju.status().applications["alpha"]?.units["alpha/0"]).toMatchObject({
        leader: true,
        workload: { name: "unknown", message: "" },
        agent: { name: "idle", message: "" },
      });
    });

    test("[order/install-alone] in install no relation is there yet", async () => {
      await probe.on("gamma/0", "install", tool`relation-ids cluster --format=json`);
      await probe.deploy("gamma");
      await probe.juju.settle();
      expect((await probe.trace("gamma/0", "install")).results).toEqual([answer("[]\n")]);
      await probe.juju.removeApplication("gamma");
      await probe.juju.settle();
    });

    test("[order/existing-relations] a new unit is told of the relations that there are before its first configuration", async () => {
      await probe.juju.integrate("alpha:backend", "beta:frontend");
      await probe.juju.settle();
      const unit = await probe.juju.addUnit("alpha");
      await probe.juju.settle();
      expect(probe.ran(unit)).toEqual([
        "install",
        "cluster-relation-created",
        "backend-relation-created",
        "config-changed",
        "start",
        "cluster-relation-joined alpha/0",
        "cluster-relation-changed alpha/0",
        "backend-relation-joined beta/0",
        "backend-relation-changed beta/0",
      ]);
      expect(probe.ran("alpha/0").slice(-2)).toEqual([
        `cluster-relation-joined ${unit}`,
        `cluster-relation-changed ${unit}`,
      ]);
      await probe.juju.removeUnit(unit);
      await probe.juju.removeRelation("alpha:backend", "beta:frontend");
      await probe.juju.settle();
    });

    test("[order/early-scope] its peers may hear of it before it hears of its peers", async () => {
      const from = probe.now;
      const expected = probe.count("alpha/0", "cluster-relation-joined") + 1;
      const before = probe.ran("alpha/0").filter((hook) => hook.startsWith("cluster-relation-joined"));
      const next = `alpha/${before.length + 1}`;
      await probe.on(next, "cluster-relation-created", pause("creating"));
      const unit = await probe.juju.addUnit("alpha");
      expect(unit).toBe(next);
      await probe.reached(unit, "creating");
      await expect
        .poll(() => probe.count("alpha/0", "cluster-relation-joined"), { timeout: 20_000 })
        .toBe(expected);
      expect(probe.ran(unit, from)).toEqual(["install"]);
      await probe.release(unit, "creating");
      await probe.juju.settle();
      await probe.juju.removeUnit(unit);
      await probe.juju.settle();
    });

    test("[order/dying] [order/no-broken-peer] one that goes departs from its relations, then stops, then removes itself", async () => {
      await probe.juju.integrate("alpha:backend", "beta:frontend");
      const unit = await probe.juju.addUnit("alpha");
      await probe.juju.settle();
      const from = probe.now;
      await probe.juju.removeUnit(unit);
      await probe.juju.settle();
      expect(probe.ran(unit, from)).toEqual([
        "cluster-relation-departed alpha/0",
        "backend-relation-departed beta/0",
        "backend-relation-broken",
        "stop",
        "remove",
      ]);
      expect(probe.ran("alpha/0", from)).toEqual([`cluster-relation-departed ${unit}`]);
      expect(probe.ran("beta/0", from)).toEqual([`frontend-relation-departed ${unit}`]);
      await probe.juju.removeRelation("alpha:backend", "beta:frontend");
      await probe.juju.settle();
    });

    test("[order/dying-application] an application that goes takes its units and relations along", async () => {
      await probe.deploy("gamma", { units: 2 });
      await probe.juju.integrate("beta:backend", "gamma:frontend");
      await probe.juju.settle();
      const from = probe.now;
      await probe.juju.removeApplication("gamma");
      await probe.juju.settle();
      const hooks = probe.ran("beta/0", from);
      expect(hooks.toSorted()).toEqual([
        "backend-relation-broken",
        "backend-relation-departed gamma/0",
        "backend-relation-departed gamma/1",
      ]);
      expect(hooks.at(-1)).toBe("backend-relation-broken");
      expect(Object.keys(probe.juju.status().applications)).toEqual(["alpha", "beta"]);
      expect(probe.juju.status().applications["beta"]?.relations).toEqual({ cluster: ["beta"] });
    });

    test("[order/upgrade] a new charm is begun with upgrade-charm, then config-changed, before relation hooks", async () => {
      const relation = await probe.juju.integrate("alpha:backend", "beta:frontend");
      await probe.juju.settle();
      const from = probe.now;
      await whileBusy("alpha/0", async () => {
        await probe.juju.writeDatabag(relation, "beta/0", { upgrade: "1" });
        await probe.juju.refresh({ application: "alpha", charm: probeCharm });
      });
      expect(probe.ran("alpha/0", from)).toEqual([
        "update-status",
        "upgrade-charm",
        "config-changed",
        "backend-relation-changed beta/0",
      ]);
      await probe.juju.removeRelation("alpha:backend", "beta:frontend");
      await probe.juju.settle();
    });
  });

  describe("relation hooks", () => {
    let relation: number;

    test("[order/relation-begins] a relation begins with created, then joined and changed for each unit", async () => {
      await probe.juju.addUnit("beta");
      await probe.juju.settle();
      const from = probe.now;
      relation = await probe.juju.integrate("alpha:backend", "beta:frontend");
      await probe.juju.settle();
      expect(probe.ran("alpha/0", from)).toEqual([
        "backend-relation-created",
        "backend-relation-joined beta/0",
        "backend-relation-changed beta/0",
        "backend-relation-joined beta/1",
        "backend-relation-changed beta/1",
      ]);
    });

    test("[order/application-first] a written application databag causes a changed hook before any joined", async () => {
      await probe.on("delta/0", "frontend-relation-created", tool`relation-set --app greeting=hello`);
      await probe.deploy("delta");
      await probe.juju.settle();
      await probe.juju.integrate("alpha:backend", "delta:frontend");
      await probe.juju.settle();
      // The new unit finds a written application databag and a unit to join at its first look.
      const unit = await probe.juju.addUnit("alpha");
      await probe.juju.settle();
      const ofDelta = probe.juju
        .hooksRun()
        .filter((run) => run.unit === unit && run.remoteApplication === "delta")
        .map(({ operation, remoteUnit = "-" }) => `${operation} ${remoteUnit}`);
      expect(ofDelta).toEqual([
        "backend-relation-created -",
        "backend-relation-changed -",
        "backend-relation-joined delta/0",
        "backend-relation-changed delta/0",
      ]);
      await probe.juju.removeUnit(unit);
      await probe.juju.removeApplication("delta");
      await probe.juju.settle();
    });

    test("[order/joined-changed] joined of a unit is followed by its changed, with no other hook of that relation between", async () => {
      const from = probe.now;
      await probe.on("alpha/0", "backend-relation-joined", pause("joining"));
      const unit = await probe.juju.addUnit("beta");
      await probe.reached("alpha/0", "joining");
      // An application databag and another unit would each come first, were it not for the changed that is due.
      await probe.juju.writeDatabag(relation, "beta", { between: "1" });
      await probe.juju.writeDatabag(relation, "beta/0", { between: "1" });
      // Those of another relation, and actions, come when their turn is.
      await probe.juju.writeDatabag(0, "alpha", { between: "1" });
      const action = probe.juju.runAction("alpha/0", "probe");
      await probe.release("alpha/0", "joining");
      await action;
      await probe.juju.settle();
      await probe.off("alpha/0", "backend-relation-joined");
      expect(probe.ran("alpha/0", from)).toEqual([
        `backend-relation-joined ${unit}`,
        "actions/probe",
        "cluster-relation-changed",
        `backend-relation-changed ${unit}`,
        "backend-relation-changed",
        "backend-relation-changed beta/0",
      ]);
    });

    test("[order/coalesced] any number of changes between two looks is one hook, with the latest data", async () => {
      const from = probe.now;
      await probe.on("alpha/0", "backend-relation-changed", tool`relation-get count`);
      await whileBusy("alpha/0", async () => {
        for (let count = 0; count < 5; count += 1)
          await probe.juju.writeDatabag(relation, "beta/0", { count: String(count) });
      });
      await probe.off("alpha/0", "backend-relation-changed");
      expect(probe.ran("alpha/0", from)).toEqual(["update-status", "backend-relation-changed beta/0"]);
      const { results } = await probe.trace("alpha/0", "backend-relation-changed");
      expect(results).toEqual([answer("4\n")]);
    });

    test("[order/not-across-units] changes of several units, and of several relations, are a hook each", async () => {
      const from = probe.now;
      await whileBusy("alpha/0", async () => {
        for (const unit of ["beta/1", "beta/0"])
          await probe.juju.writeDatabag(relation, unit, { each: String(from) });
        await probe.juju.writeDatabag(0, "alpha", { each: String(from) });
      });
      expect(probe.ran("alpha/0", from)).toEqual([
        "update-status",
        "cluster-relation-changed",
        "backend-relation-changed beta/0",
        "backend-relation-changed beta/1",
      ]);
    });

    test("[order/there-and-back] a value that changes and changes back may cause a hook all the same", async () => {
      const from = probe.now;
      await whileBusy("alpha/0", async () => {
        await probe.juju.writeDatabag(relation, "beta/0", { back: "1" });
        await probe.juju.writeDatabag(relation, "beta/0", { back: "" });
      });
      expect(probe.ran("alpha/0", from)).toEqual(["update-status", "backend-relation-changed beta/0"]);
    });

    test("[order/null-change] a change that changes nothing causes none", async () => {
      const from = probe.now;
      await probe.juju.writeDatabag(relation, "beta/0", { count: "4", absent: "" });
      await probe.output("beta/0", tool`relation-set -r ${relation} count=4 absent=`);
      expect(probe.ran("alpha/0", from)).toEqual([]);
      expect(probe.ran("beta/0", from)).toEqual(["update-status"]);
    });

    test("[order/not-for-own] a unit never hears of its own unit databag", async () => {
      const from = probe.now;
      await probe.output("beta/0", tool`relation-set -r ${relation} own=1`);
      expect(probe.ran("beta/0", from)).toEqual(["update-status"]);
      expect(probe.ran("alpha/0", from)).toEqual(["backend-relation-changed beta/0"]);
    });

    test("[order/relation-ends] a relation ends with departed for each unit, then broken", async () => {
      const from = probe.now;
      await probe.juju.removeRelation("alpha:backend", "beta:frontend");
      await probe.juju.settle();
      expect(probe.ran("alpha/0", from)).toEqual([
        "backend-relation-departed beta/0",
        "backend-relation-departed beta/1",
        "backend-relation-departed beta/2",
        "backend-relation-broken",
      ]);
      expect(() => probe.juju.databag(relation, "beta/0")).toThrow(`no relation ${relation}`);
    });
  });

  describe("other hooks", () => {
    test("[order/config-changed] config-changed comes when the configuration differs, and before relation hooks", async () => {
      const relation = await probe.juju.integrate("alpha:backend", "beta:frontend");
      await probe.juju.settle();
      const from = probe.now;
      await whileBusy("alpha/0", async () => {
        await probe.juju.writeDatabag(relation, "beta/0", { config: "1" });
        await probe.juju.configure("alpha", { size: 5 });
        await probe.juju.configure("alpha", { size: 5 });
      });
      expect(probe.ran("alpha/0", from)).toEqual([
        "update-status",
        "config-changed",
        "backend-relation-changed beta/0",
      ]);
      await probe.juju.configure("alpha", { size: 5 });
      await probe.juju.settle();
      expect(probe.count("alpha/0", "config-changed")).toBe(3);
      expect(await probe.output("alpha/0", tool`config-get size`)).toBe("5\n");
      await probe.juju.configure("alpha", { size: undefined });
      await probe.juju.settle();
      expect(await probe.output("alpha/0", tool`config-get size`)).toBe("");
    });

    test("[order/update-status] update-status comes when there is nothing else to do", async () => {
      const from = probe.now;
      await probe.on("beta/0", "probe", pause("acting"));
      const action = probe.juju.runAction("beta/0", "probe");
      await probe.reached("beta/0", "acting");
      await probe.juju.updateStatus("beta/0");
      await probe.juju.configure("beta", { size: 7 });
      await probe.release("beta/0", "acting");
      await action;
      await probe.juju.settle();
      expect(probe.ran("beta/0", from)).toEqual(["actions/probe", "config-changed", "update-status"]);
    });

    test("[order/requests] actions come before commands, and both before hooks that are not urgent", async () => {
      const from = probe.now;
      let ends: Promise<unknown> = Promise.resolve();
      await whileBusy("alpha/0", async () => {
        await probe.juju.configure("alpha", { size: 8 });
        const command = probe.dispatch("alpha/0", "my-event");
        ends = Promise.all([command, probe.juju.runAction("alpha/0", "probe")]);
      });
      await ends;
      expect(probe.ran("alpha/0", from)).toEqual([
        "update-status",
        "actions/probe",
        "juju-exec",
        "config-changed",
      ]);
    });
  });
});
