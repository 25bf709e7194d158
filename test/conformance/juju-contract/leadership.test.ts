import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, pause, refusal, tool } from "./script.ts";
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

  /** Makes another unit the leader while the leader stands at a pause, and lets it go on. */
  async function deposeAt(pauseName: string, ...leaders: readonly string[]): Promise<void> {
    await probe.juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", pauseName);
    for (const leader of leaders) await probe.juju.setLeader(leader);
    await probe.release("alpha/0", pauseName);
    await probe.juju.settle({ allowErrors: true });
    await probe.off("alpha/0", "update-status");
  }

  async function reinstate(): Promise<void> {
    await probe.juju.setLeader("alpha/0");
    await probe.juju.settle();
  }

  test("[leader/is-leader] is-leader tells whether the unit leads", async () => {
    expect(await probe.output("alpha/0", tool`is-leader`)).toBe("True\n");
    expect(await probe.output("alpha/1", tool`is-leader --format=json`)).toBe("false\n");
  });

  test("[leader/one] the first unit leads, and at most one", () => {
    const units = Object.values(probe.juju.status().applications["alpha"]?.units ?? {});
    expect(units.map(({ leader }) => leader)).toEqual([true, false, false]);
    expect(probe.count("alpha/0", "leader-elected")).toBe(1);
    expect(probe.count("alpha/1", "leader-elected")).toBe(0);
  });

  test("[leader/elected] leader-elected comes to the new leader alone; nothing tells the old one", async () => {
    const from = probe.now;
    await probe.juju.setLeader("alpha/1");
    await probe.juju.settle();
    expect(probe.juju.hooksRun().slice(from)).toMatchObject([
      { unit: "alpha/1", operation: "leader-elected" },
    ]);
    await reinstate();
    expect(probe.ran("alpha/0", from)).toEqual(["leader-elected"]);
  });

  test("[leader/elected-first] leader-elected comes before other hooks that wait", async () => {
    await probe.on("alpha/1", "update-status", pause("busy"));
    await probe.juju.updateStatus("alpha/1");
    await probe.reached("alpha/1", "busy");
    const from = probe.now;
    await probe.juju.configure("alpha", { size: 3 });
    await probe.juju.setLeader("alpha/1");
    await probe.release("alpha/1", "busy");
    await probe.juju.settle();
    expect(probe.ran("alpha/1", from)).toEqual(["update-status", "leader-elected", "config-changed"]);
    await reinstate();
  });

  test("[leader/elected-in-vain] leader-elected may find that the unit leads no longer", async () => {
    await probe.on("alpha/1", "leader-elected", pause("electing"), tool`is-leader`);
    await probe.juju.setLeader("alpha/1");
    await probe.reached("alpha/1", "electing");
    await probe.juju.setLeader("alpha/2");
    await probe.release("alpha/1", "electing");
    await probe.juju.settle();
    expect((await probe.trace("alpha/1", "leader-elected")).results).toEqual([answer("False\n")]);
    await probe.off("alpha/1", "leader-elected");
    await reinstate();
  });

  test("[leader/denied-for-the-hook] false once said holds to the end of the hook", async () => {
    await probe.on("alpha/2", "update-status", tool`is-leader`, pause("asked"), tool`is-leader`);
    await probe.juju.updateStatus("alpha/2");
    await probe.reached("alpha/2", "asked");
    await probe.juju.setLeader("alpha/2");
    await probe.release("alpha/2", "asked");
    await probe.juju.settle();
    const { results } = await probe.trace("alpha/2", "update-status");
    expect(results).toEqual([answer("False\n"), answer("False\n")]);
    await probe.off("alpha/2", "update-status");
    expect(await probe.output("alpha/2", tool`is-leader`)).toBe("True\n");
    await reinstate();
  });

  test("[leader/asked-again] true is found out anew at each call", async () => {
    await probe.on("alpha/0", "update-status", tool`is-leader`, pause("led"), tool`is-leader`);
    await deposeAt("led", "alpha/1");
    const { results } = await probe.trace("alpha/0", "update-status");
    expect(results).toEqual([answer("True\n"), answer("False\n")]);
    await reinstate();
  });

  test("[leader/deposed-write] one deposed in its hook is refused its application's databag from then on", async () => {
    await probe.on("alpha/0", "update-status", pause("late"), tool`relation-set -r ${backend} --app late=1`);
    await deposeAt("late", "alpha/1");
    const { results } = await probe.trace("alpha/0", "update-status");
    expect(results).toEqual([refusal(1, "cannot write relation settings")]);
    await reinstate();
  });

  test("[leader/deposed-commit] one deposed after it wrote loses every write of the hook, and the hook has failed", async () => {
    await probe.on(
      "alpha/0",
      "update-status",
      tool`relation-set -r ${backend} --app as=leader`,
      tool`relation-set -r ${backend} lost=yes`,
      tool`relation-set -r ${cluster} lost=yes`,
      tool`state-set lost=yes`,
      tool`status-set active ${"said all the same"}`,
      pause("wrote"),
    );
    await deposeAt("wrote", "alpha/1");
    expect(probe.juju.databag(backend, "alpha")).toEqual({});
    expect(probe.juju.databag(backend, "alpha/0")).not.toHaveProperty("lost");
    expect(probe.juju.databag(cluster, "alpha/0")).not.toHaveProperty("lost");
    expect(probe.juju.status().applications["alpha"]?.units["alpha/0"]).toMatchObject({
      workload: { name: "active", message: "said all the same" },
      agent: { name: "error", message: 'hook failed: "update-status"' },
    });
    expect(probe.juju.log()).toContainEqual(
      expect.objectContaining({ message: 'prerequisites failed: "alpha/0" is not leader of "alpha"' }),
    );
    await probe.juju.resolve("alpha/0");
    await probe.juju.settle();
    expect(await probe.output("alpha/0", tool`state-get --format=json`)).toBe("{}\n");
    await reinstate();
  });

  test("[leader/unit-writes-stay] one deposed that wrote its unit databag alone loses nothing", async () => {
    await probe.on("alpha/0", "update-status", tool`relation-set -r ${backend} mine=kept`, pause("unit"));
    await deposeAt("unit", "alpha/1");
    expect(probe.juju.databag(backend, "alpha/0")["mine"]).toBe("kept");
    await reinstate();
  });

  test("[leader/there-and-back] one deposed and reinstated in its hook writes over what came between", async () => {
    await probe.juju.writeDatabag(backend, "alpha", { touched: "old", untouched: "old" });
    await probe.on(
      "alpha/0",
      "update-status",
      tool`relation-set -r ${backend} --app touched=new`,
      pause("between"),
    );
    await probe.juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "between");
    await probe.on("alpha/1", "leader-elected", tool`relation-set -r ${backend} --app untouched=between`);
    await probe.juju.setLeader("alpha/1");
    await expectEventually(() => probe.juju.databag(backend, "alpha")["untouched"], "between");
    await probe.juju.setLeader("alpha/0");
    await probe.release("alpha/0", "between");
    await probe.juju.settle();
    await probe.off("alpha/0", "update-status");
    await probe.off("alpha/1", "leader-elected");
    expect(probe.juju.databag(backend, "alpha")).toEqual({ touched: "new", untouched: "old" });
  });

  test("[leader/none] an application may be without a leader for a while", async () => {
    const from = probe.now;
    await probe.juju.removeLeader("alpha");
    await probe.juju.settle();
    expect(probe.juju.leader("alpha")).toBeUndefined();
    for (const unit of ["alpha/0", "alpha/1", "alpha/2"]) {
      expect(await probe.output(unit, tool`is-leader`)).toBe("False\n");
      expect(probe.ran(unit, from)).toEqual(["update-status"]);
    }
    const [refused] = await probe.run("alpha/0", tool`relation-set -r ${backend} --app a=1`);
    expect(refused).toEqual(refusal(1, "cannot write relation settings"));
    const late = await probe.juju.addUnit("alpha");
    await probe.juju.settle();
    expect(probe.ran(late)).not.toContain("leader-elected");
    expect(probe.juju.leader("alpha")).toBeUndefined();
    await probe.juju.removeUnit(late);
    await probe.juju.settle();
    await probe.juju.setLeader("alpha/0");
    await probe.juju.settle();
    expect(probe.ran("alpha/0", from).at(-1)).toBe("leader-elected");
  });

  test("[leader/own-write] the leader hears of its own write to a peer relation, and to no other", async () => {
    const from = probe.now;
    await probe.output("alpha/0", tool`relation-set -r ${cluster} --app term=1`);
    expect(probe.ran("alpha/0", from)).toEqual(["update-status", "cluster-relation-changed"]);
    const then = probe.now;
    await probe.output("alpha/0", tool`relation-set -r ${backend} --app term=1`);
    expect(probe.ran("alpha/0", then)).toEqual(["update-status"]);
    expect(probe.ran("beta/0", then)).toEqual(["frontend-relation-changed"]);
  });

  test("[leader/own-write-switch] on request the leader does not hear of it, the others do", async () => {
    const quiet = await startForTest(way, { leaderSelfChanged: false });
    await quiet.deploy("alpha", { units: 2 });
    await quiet.juju.settle();
    const from = quiet.now;
    await quiet.output("alpha/0", tool`relation-set -r ${cluster} --app term=1`);
    expect(quiet.ran("alpha/0", from)).toEqual(["update-status"]);
    expect(quiet.ran("alpha/1", from)).toEqual(["cluster-relation-changed"]);
  });

  test("[leader/removed] when the leader is removed another unit is elected", async () => {
    const from = probe.now;
    await probe.juju.removeUnit("alpha/0");
    await probe.juju.settle();
    expect(probe.juju.leader("alpha")).toBe("alpha/1");
    expect(probe.ran("alpha/1", from).toSorted()).toEqual([
      "cluster-relation-departed alpha/0",
      "leader-elected",
    ]);
    expect(probe.ran("alpha/2", from)).toEqual(["cluster-relation-departed alpha/0"]);
  });

  /** Waits for what another unit does while one stands at a pause: the model does not come to rest. */
  async function expectEventually(read: () => unknown, value: unknown): Promise<void> {
    await expect.poll(read, { timeout: 20_000, interval: 5 }).toBe(value);
  }
});
