import { describe, expect, test } from "vitest";
import { VirtualClock, type SimulatedJujuOptions } from "../../../lib/testing/index.ts";
import type { Probe } from "./probe.ts";
import { pause, tool, type ToolCall } from "./script.ts";
import { SecretScene } from "./secret-scene.ts";
import { ways } from "./ways.ts";

const hours = 3_600_000;
const minutes = 60_000;
const secretHooks = ["secret-changed", "secret-remove", "secret-rotate", "secret-expired"] as const;

describe.each(ways)("$name", (way) => {
  let scene: SecretScene;
  let probe: Probe;
  let uri: string;

  /** A secret of application alpha, which application beta may read. */
  async function given(add: ToolCall, options: SimulatedJujuOptions = {}): Promise<void> {
    scene = await SecretScene.forTest(way, options);
    ({ probe } = scene);
    for (const unit of ["alpha/0", "alpha/1", "beta/0"]) {
      for (const hook of secretHooks) await probe.on(unit, hook);
    }
    uri = await scene.add("alpha/0", add);
    await scene.grant(uri);
  }

  /** What a unit's last hook of this name was about. */
  async function about(unit: string, hook: (typeof secretHooks)[number]): Promise<Record<string, unknown>> {
    const { environment } = await probe.trace(unit, hook);
    const { JUJU_SECRET_ID: id, JUJU_SECRET_LABEL: label, JUJU_SECRET_REVISION: revision } = environment;
    return { id, label, revision };
  }

  /** The secret hooks that ran on a unit. */
  function ran(unit: string): readonly string[] {
    return probe.ran(unit).filter((operation) => operation.startsWith("secret-"));
  }

  describe("secret-changed", () => {
    test("[secret-changed/readers] it comes to those who track an older revision, once for each new one", async () => {
      await given(tool`secret-add --label owned key=1`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      expect(ran("beta/0")).toEqual([]);
      await probe.output("beta/0", tool`secret-get ${uri} --label mine`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=3`);
      expect(ran("beta/0")).toEqual(["secret-changed"]);
      expect(await about("beta/0", "secret-changed")).toEqual({ id: uri, label: "mine" });
      await probe.output("beta/0", tool`secret-get ${uri}`);
      expect(ran("beta/0")).toHaveLength(1);
      await probe.output("alpha/0", tool`secret-set ${uri} key=4`);
      expect(ran("beta/0")).toEqual(["secret-changed", "secret-changed"]);
      expect(ran("alpha/0")).not.toContain("secret-changed");
    });

    test("[secret-changed/same-application] it comes to the other units of the owner, with the owner's label", async () => {
      await given(tool`secret-add --label owned key=1`);
      await probe.output("alpha/1", tool`secret-get ${uri}`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      expect(ran("alpha/1")).toEqual(["secret-changed"]);
      expect(await about("alpha/1", "secret-changed")).toEqual({ id: uri, label: "owned" });
    });

    test("[secret-changed/once] it is one for any number of changes meanwhile, after the hook that runs and before actions", async () => {
      await given(tool`secret-add key=1`);
      await probe.output("beta/0", tool`secret-get ${uri}`);
      await probe.on("beta/0", "update-status", pause("held"));
      await probe.juju.updateStatus("beta/0");
      await probe.reached("beta/0", "held");
      const { result } = probe.juju.startAction("beta/0", "probe");
      for (const key of [2, 3]) {
        await probe.on("alpha/0", "update-status", tool`secret-set ${uri} key=${key}`);
        await probe.juju.updateStatus("alpha/0");
        await expect.poll(() => scene.revisions(uri), { interval: 5 }).toHaveLength(key);
      }
      await probe.release("beta/0", "held");
      await result;
      await probe.juju.settle();
      expect(probe.ran("beta/0").slice(-3)).toEqual(["update-status", "secret-changed", "actions/probe"]);
      expect(ran("beta/0")).toEqual(["secret-changed"]);
      expect(await about("beta/0", "secret-changed")).toEqual({ id: uri, label: "" });
    });

    test("[secret-changed/retried] it comes again until it ends well", async () => {
      await given(tool`secret-add key=1`);
      await probe.output("beta/0", tool`secret-get ${uri}`);
      await probe.failing("beta/0", "secret-changed");
      await probe.run("alpha/0", tool`secret-set ${uri} key=2`);
      await probe.on("beta/0", "secret-changed", tool`secret-get ${uri} --refresh`);
      await probe.juju.resolve("beta/0");
      await probe.juju.settle();
      expect(ran("beta/0")).toEqual(["secret-changed", "secret-changed"]);
      expect(scene.secret(uri).consumers).toEqual({ "beta/0": { tracked: 2, label: "" } });
    });

    test("[secret-changed/revoked] it does not come to those whose right was taken back", async () => {
      await given(tool`secret-add key=1`);
      await probe.output("beta/0", tool`secret-get ${uri}`);
      await probe.output("alpha/0", tool`secret-revoke ${uri} --app beta`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      expect(ran("beta/0")).toEqual([]);
    });
  });

  describe("the hook secret-remove", () => {
    test("[secret-unused/owner] it comes to the owner, once for each revision that nobody tracks any more", async () => {
      await given(tool`secret-add --label owned key=1`);
      await probe.output("beta/0", tool`secret-get ${uri}`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      expect(ran("alpha/0")).toEqual([]);
      await probe.output("beta/0", tool`secret-get ${uri} --refresh`);
      expect(await about("alpha/0", "secret-remove")).toEqual({ id: uri, label: "owned", revision: "1" });
      await probe.output("alpha/0", tool`secret-set ${uri} key=3`);
      await probe.output("beta/0", tool`secret-get ${uri} --refresh`);
      expect(await about("alpha/0", "secret-remove")).toEqual({ id: uri, label: "owned", revision: "2" });
      expect(ran("alpha/0")).toEqual(["secret-remove", "secret-remove"]);
      expect(ran("alpha/1")).toEqual([]);
    });

    test("[secret-unused/new-leader] a new leader hears of those that are still there", async () => {
      await given(tool`secret-add --label owned key=1`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=3`);
      expect(ran("alpha/0")).toEqual(["secret-remove", "secret-remove"]);
      await probe.output("alpha/0", tool`secret-remove ${uri} --revision 1`);
      await probe.juju.setLeader("alpha/1");
      await probe.juju.settle();
      expect(ran("alpha/1")).toEqual(["secret-remove"]);
      expect(await about("alpha/1", "secret-remove")).toEqual({ id: uri, label: "owned", revision: "2" });
    });

    test("[secret-unused/removes] in it the owner can remove the revision", async () => {
      await given(tool`secret-add key=1`);
      await probe.on("alpha/0", "secret-remove", tool`secret-remove ${uri} --revision 1`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      expect(ran("alpha/0")).toEqual(["secret-remove"]);
      expect(scene.secret(uri).revisions).toEqual({ 2: { content: { key: "2" } } });
    });
  });

  describe("secret-rotate and secret-expired", () => {
    test("[secret-rotate/clock] secret-rotate comes to the owner by the clock, and soon again where there is no new revision", async () => {
      const clock = new VirtualClock();
      await given(tool`secret-add --label owned --rotate daily key=1`, { clock });
      clock.advance(24 * hours - 1);
      await probe.juju.settle();
      expect(ran("alpha/0")).toEqual([]);
      clock.advance(1);
      await probe.juju.settle();
      expect(ran("alpha/0")).toEqual(["secret-rotate"]);
      expect(await about("alpha/0", "secret-rotate")).toEqual({ id: uri, label: "owned" });
      await probe.on("alpha/0", "secret-rotate", tool`secret-set ${uri} key=2`);
      clock.advance(5 * minutes);
      await probe.juju.settle();
      expect(ran("alpha/0").filter((hook) => hook === "secret-rotate")).toHaveLength(2);
      expect(scene.secret(uri).rotates).toEqual(new Date("2026-01-03T00:05:00Z"));
      expect(ran("alpha/1")).toEqual([]);
    });

    test("[secret-expired/clock] secret-expired comes to the owner by the clock, and again until the revision is removed", async () => {
      const clock = new VirtualClock();
      await given(tool`secret-add --expire 90m key=1`, { clock });
      clock.advance(90 * minutes);
      await probe.juju.settle();
      await probe.juju.settle();
      expect(ran("alpha/0")).toEqual(["secret-expired"]);
      expect(await about("alpha/0", "secret-expired")).toEqual({ id: uri, label: "", revision: "1" });
      await probe.on("alpha/0", "secret-expired", tool`secret-remove ${uri} --revision 1`);
      clock.advance(5 * minutes);
      await probe.juju.settle();
      expect(ran("alpha/0")).toHaveLength(2);
      expect(scene.ids).toEqual([]);
      clock.advance(24 * hours);
      await probe.juju.settle();
      expect(ran("alpha/0")).toHaveLength(2);
    });

    test("[secret-expired/first] secret-expired comes first, then secret-rotate, secret-changed and secret-remove", async () => {
      const clock = new VirtualClock();
      await given(tool`secret-add --expire 1h --rotate hourly key=1`, { clock });
      await probe.output("alpha/0", tool`secret-get ${uri}`);
      await probe.on("alpha/0", "update-status", pause("held"), tool`secret-set ${uri} key=2`);
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "held");
      clock.advance(1 * hours);
      await probe.on("alpha/0", "secret-changed", tool`secret-get ${uri} --refresh`);
      await probe.release("alpha/0", "held");
      await probe.juju.settle();
      expect(ran("alpha/0")).toEqual(["secret-expired", "secret-rotate", "secret-changed", "secret-remove"]);
      expect(await about("alpha/0", "secret-expired")).toEqual({ id: uri, label: "", revision: "1" });
      expect(await about("alpha/0", "secret-remove")).toEqual({ id: uri, label: "", revision: "1" });
    });
  });
});
