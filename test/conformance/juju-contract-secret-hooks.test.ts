import { describe, expect, test } from "vitest";
import { VirtualClock, type SimulatedJuju, type SimulatedJujuOptions } from "../../lib/testing/index.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { ShellProbe, probeCharm, waitFor } from "./juju-contract/shell-probe.ts";

const hours = 3_600_000;
const minutes = 60_000;
const secretHooks = ["secret-changed", "secret-remove", "secret-rotate", "secret-expired"] as const;

/** A model with a secret of application alpha, which application beta may read; each secret hook says what it is about. */
class Scene {
  readonly juju: SimulatedJuju;
  readonly probe: ShellProbe;
  uri = "";

  private constructor(juju: SimulatedJuju) {
    this.juju = juju;
    this.probe = new ShellProbe(juju);
  }

  static async set(args: string, options: SimulatedJujuOptions = {}): Promise<Scene> {
    const juju = await startForTest(options);
    const scene = new Scene(juju);
    await juju.deploy({ charm: probeCharm, application: "alpha", units: 2 });
    await juju.deploy({ charm: probeCharm, application: "beta" });
    const relation = await juju.integrate("alpha:backend", "beta:frontend");
    await juju.settle();
    for (const unit of ["alpha/0", "alpha/1", "beta/0"]) {
      for (const hook of secretHooks) await scene.say(unit, hook);
    }
    scene.uri = (await scene.probe.output("alpha/0", `secret-add ${args}`)).trim();
    await scene.probe.output("alpha/0", `secret-grant ${scene.uri} -r ${relation}`);
    return scene;
  }

  /** Lets a hook say what it is about, and do something after that. */
  async say(unit: string, hook: string, script = ""): Promise<void> {
    const about =
      '"$JUJU_HOOK_NAME $JUJU_SECRET_ID ${JUJU_SECRET_LABEL-unset} ${JUJU_SECRET_REVISION-unset}"';
    await this.probe.on(unit, hook, `juju-log ${about}\n${script}`);
  }

  /** What the secret hooks said, without the id, which they all have to give. */
  said(unit: string): string[] {
    return this.juju
      .log()
      .filter((line) => line.unit === unit && line.message.includes(this.uri))
      .map(({ message }) => message.replace(` ${this.uri}`, ""));
  }

  async stop(): Promise<void> {
    await stopAndCheckForLeaks(this.juju);
  }
}

describe("secret-changed", () => {
  test("comes to those who track an older revision, once for each new one", async () => {
    const scene = await Scene.set("--label owned key=1");
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=2`);
    expect(scene.said("beta/0")).toEqual([]);
    await scene.probe.output("beta/0", `secret-get ${scene.uri} --label mine`);
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=3`);
    expect(scene.said("beta/0")).toEqual(["secret-changed mine unset"]);
    await scene.probe.output("beta/0", `secret-get ${scene.uri}`);
    expect(scene.said("beta/0")).toHaveLength(1);
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=4`);
    expect(scene.said("beta/0")).toEqual(["secret-changed mine unset", "secret-changed mine unset"]);
    expect(scene.said("alpha/0")).not.toContain("secret-changed owned unset");
    await scene.stop();
  });

  test("comes to the other units of the application that owns it, with the owner's label", async () => {
    const scene = await Scene.set("--label owned key=1");
    await scene.probe.output("alpha/1", `secret-get ${scene.uri}`);
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=2`);
    expect(scene.said("alpha/1")).toEqual(["secret-changed owned unset"]);
    await scene.stop();
  });

  test("is one for any number of changes meanwhile, before actions and after the hook that runs", async () => {
    const scene = await Scene.set("key=1");
    await scene.probe.output("beta/0", `secret-get ${scene.uri}`);
    await scene.probe.on("beta/0", "update-status", waitFor("held", "let-go"));
    await scene.juju.updateStatus("beta/0");
    await scene.probe.reached("beta/0", "held");
    const action = scene.juju.runAction("beta/0", "probe");
    await scene.probe.on("alpha/0", "update-status", `secret-set ${scene.uri} key=2`);
    await scene.juju.updateStatus("alpha/0");
    await expect.poll(() => Object.keys(scene.juju.secrets()[0]?.revisions ?? {})).toHaveLength(2);
    await scene.probe.on("alpha/0", "update-status", `secret-set ${scene.uri} key=3`);
    await scene.juju.updateStatus("alpha/0");
    await expect.poll(() => Object.keys(scene.juju.secrets()[0]?.revisions ?? {})).toHaveLength(3);
    await scene.probe.release("beta/0", "let-go");
    await action;
    await scene.juju.settle();
    const ran = scene.juju.hooksRun().filter((run) => run.unit === "beta/0");
    expect(ran.slice(-3).map((run) => run.operation)).toEqual([
      "update-status",
      "secret-changed",
      "actions/probe",
    ]);
    expect(scene.said("beta/0")).toEqual(["secret-changed  unset"]);
    await scene.stop();
  });

  test("comes again until it ends well", async () => {
    const scene = await Scene.set("key=1", { hookRetryDelayMs: 300_000 });
    await scene.probe.output("beta/0", `secret-get ${scene.uri}`);
    await scene.say("beta/0", "secret-changed", "exit 1");
    await scene.probe.run("alpha/0", `secret-set ${scene.uri} key=2`);
    await scene.say("beta/0", "secret-changed", `secret-get ${scene.uri} --refresh`);
    await scene.juju.resolve("beta/0");
    await scene.juju.settle();
    expect(scene.said("beta/0")).toEqual(["secret-changed  unset", "secret-changed  unset"]);
    expect(scene.juju.secrets()[0]?.consumers).toEqual({ "beta/0": { tracked: 2, label: "" } });
    await scene.stop();
  });

  test("does not come to those whose right was taken back", async () => {
    const scene = await Scene.set("key=1");
    await scene.probe.output("beta/0", `secret-get ${scene.uri}`);
    await scene.probe.output("alpha/0", `secret-revoke ${scene.uri} --app beta`);
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=2`);
    expect(scene.said("beta/0")).toEqual([]);
    await scene.stop();
  });
});

describe("secret-remove", () => {
  test("comes to the owner, once for each revision that nobody tracks any more", async () => {
    const scene = await Scene.set("--label owned key=1");
    await scene.probe.output("beta/0", `secret-get ${scene.uri}`);
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=2`);
    expect(scene.said("alpha/0")).toEqual([]);
    await scene.probe.output("beta/0", `secret-get ${scene.uri} --refresh`);
    expect(scene.said("alpha/0")).toEqual(["secret-remove owned 1"]);
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=3`);
    await scene.probe.output("beta/0", `secret-get ${scene.uri} --refresh`);
    expect(scene.said("alpha/0")).toEqual(["secret-remove owned 1", "secret-remove owned 2"]);
    expect(scene.said("alpha/1")).toEqual([]);
    // A new leader has not heard of any, and hears of those that are still there.
    await scene.probe.output("alpha/0", `secret-remove ${scene.uri} --revision 1`);
    await scene.juju.setLeader("alpha/1");
    await scene.juju.settle();
    expect(scene.said("alpha/1")).toEqual(["secret-remove owned 2"]);
    await scene.stop();
  });

  test("lets the owner remove the revision", async () => {
    const scene = await Scene.set("key=1");
    await scene.say(
      "alpha/0",
      "secret-remove",
      'secret-remove "$JUJU_SECRET_ID" --revision "$JUJU_SECRET_REVISION"',
    );
    await scene.probe.output("alpha/0", `secret-set ${scene.uri} key=2`);
    expect(scene.said("alpha/0")).toEqual(["secret-remove  1"]);
    expect(scene.juju.secrets()[0]?.revisions).toEqual({ 2: { content: { key: "2" } } });
    await scene.stop();
  });
});

describe("secret-rotate", () => {
  test("comes to the owner by the clock, and soon again where there is no new revision", async () => {
    const clock = new VirtualClock();
    const scene = await Scene.set("--label owned --rotate daily key=1", { clock });
    clock.advance(24 * hours - 1);
    await scene.juju.settle();
    expect(scene.said("alpha/0")).toEqual([]);
    clock.advance(1);
    await scene.juju.settle();
    expect(scene.said("alpha/0")).toEqual(["secret-rotate owned unset"]);
    await scene.say("alpha/0", "secret-rotate", `secret-set ${scene.uri} key=2`);
    clock.advance(5 * minutes);
    await scene.juju.settle();
    expect(scene.said("alpha/0").filter((said) => said.startsWith("secret-rotate"))).toHaveLength(2);
    expect(scene.juju.secrets()[0]?.rotates).toEqual(new Date("2026-01-03T00:05:00Z"));
    expect(scene.said("alpha/1")).toEqual([]);
    await scene.stop();
  });
});

describe("secret-expired", () => {
  test("comes to the owner by the clock, and again until the revision is removed", async () => {
    const clock = new VirtualClock();
    const scene = await Scene.set("--expire 90m key=1", { clock });
    clock.advance(90 * minutes);
    await scene.juju.settle();
    expect(scene.said("alpha/0")).toEqual(["secret-expired  1"]);
    await scene.juju.settle();
    await scene.say("alpha/0", "secret-expired", `secret-remove ${scene.uri} --revision 1`);
    clock.advance(5 * minutes);
    await scene.juju.settle();
    expect(scene.said("alpha/0")).toHaveLength(2);
    expect(scene.juju.secrets()).toEqual([]);
    clock.advance(24 * hours);
    await scene.juju.settle();
    expect(scene.said("alpha/0")).toHaveLength(2);
    await scene.stop();
  });

  test("comes before secret-rotate, and that before secret-changed and secret-remove", async () => {
    const clock = new VirtualClock();
    const scene = await Scene.set("--expire 1h --rotate hourly key=1", { clock });
    await scene.probe.output("alpha/0", `secret-get ${scene.uri}`);
    await scene.probe.on(
      "alpha/0",
      "update-status",
      `${waitFor("held", "let-go")}\nsecret-set ${scene.uri} key=2`,
    );
    await scene.juju.updateStatus("alpha/0");
    await scene.probe.reached("alpha/0", "held");
    clock.advance(1 * hours);
    await scene.say("alpha/0", "secret-changed", `secret-get ${scene.uri} --refresh`);
    await scene.probe.release("alpha/0", "let-go");
    await scene.juju.settle();
    expect(scene.said("alpha/0")).toEqual([
      "secret-expired  1",
      "secret-rotate  unset",
      "secret-changed  unset",
      "secret-remove  1",
    ]);
    await scene.stop();
  });
});
