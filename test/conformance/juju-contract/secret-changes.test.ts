import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, pause, refusal, tool, type Case } from "./script.ts";
import { cluster, SecretScene, unknown } from "./secret-scene.ts";
import { ways } from "./ways.ts";

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let scene: SecretScene;

  beforeAll(async () => {
    probe = await way.start({ automaticallyRetryHooks: false });
    scene = await SecretScene.set(probe);
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  async function expectAnswers(unit: string, cases: readonly Case[]): Promise<void> {
    expect(await probe.answers(unit, cases)).toEqual(cases);
  }

  describe("secret-set", () => {
    test("[secret-set/revision] new content makes a new revision; the same content, and settings alone, make none", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=1`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=1`);
      await probe.output(
        "alpha/0",
        tool`secret-set ${uri} --label named --description D --expire 2099-01-02T03:04:05Z`,
      );
      expect(scene.secret(uri)).toMatchObject({ label: "named", description: "D" });
      expect(scene.secret(uri).revisions).toEqual({
        1: { content: { key: "1" }, expires: new Date("2099-01-02T03:04:05Z") },
      });
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      expect(scene.secret(uri).revisions[2]).toEqual({ content: { key: "2" } });
    });

    test("[secret-set/before-3-6] before Juju 3.6 the same content makes a new revision too", async () => {
      const old = await SecretScene.forTest(way, { version: "3.5.7" });
      const uri = await old.add("alpha/0", tool`secret-add key=1`);
      await old.probe.output("alpha/0", tool`secret-set ${uri} key=1`);
      expect(old.revisions(uri)).toEqual(["1", "2"]);
    });

    test("[secret-set/who] a secret of the application is the leader's to change, and one of a unit that unit's", async () => {
      const application = await scene.add("alpha/0", tool`secret-add key=value`);
      const unit = await scene.add("alpha/0", tool`secret-add --owner unit key=value`);
      const notLeader = refusal(1, "this unit is not the leader");
      await expectAnswers("alpha/1", [
        [tool`secret-set`, refusal(2, "missing secret URI")],
        [tool`secret-set word key=value`, refusal(2, 'secret URI "word" not valid')],
        [tool`secret-set ${application} key=other`, notLeader],
        [tool`secret-grant ${application} -r ${scene.backend}`, notLeader],
        [tool`secret-revoke ${application} -r ${scene.backend}`, notLeader],
        [tool`secret-remove ${application}`, notLeader],
        [
          tool`secret-grant ${unit} -r ${scene.backend}`,
          refusal(1, `secret "${unit.slice("secret:".length)}" not found`),
        ],
      ]);
    });

    test("[secret-set/at-commit] what the tools cannot know of a secret is refused at the commit", async () => {
      const application = await scene.add("alpha/0", tool`secret-add key=value`);
      const unit = await scene.add("alpha/0", tool`secret-add --owner unit key=value`);
      expect(await scene.refusedCommit("alpha/1", tool`secret-set ${unit} key=other`)).toBe(
        "updating secrets: permission denied",
      );
      expect(await scene.refusedCommit("alpha/0", tool`secret-set ${unknown} key=value`)).toBe(
        `updating secrets: secret "${unknown}" not found`,
      );
      expect(await scene.refusedCommit("beta/0", tool`secret-remove ${application}`)).toBe(
        "removing secrets: permission denied",
      );
    });
  });

  describe("secret-remove", () => {
    test("[secret-remove/revision] it removes one revision, or all of them", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=1`);
      await probe.output("alpha/0", tool`secret-set ${uri} key=2`);
      await expectAnswers("alpha/0", [
        [tool`secret-remove`, refusal(2, "missing secret URI")],
        [
          tool`secret-remove ${uri} --revision one`,
          refusal(
            2,
            'invalid value "one" for option --revision: strconv.ParseInt: parsing "one": invalid syntax',
          ),
        ],
      ]);
      await probe.output("alpha/0", tool`secret-remove ${uri} --revision 1`);
      expect(scene.revisions(uri)).toEqual(["2"]);
      await probe.output("alpha/0", tool`secret-remove ${uri}`);
      expect(scene.ids).not.toContain(uri);
    });

    test("[secret-remove/last] to remove the last revision removes the secret", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=1`);
      await probe.output("alpha/0", tool`secret-remove ${uri} --revision 1`);
      expect(scene.ids).not.toContain(uri);
    });

    test("[secret-remove/and-set] of a change and a removal of one secret in a hook the last counts", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=1`);
      await probe.run("alpha/0", tool`secret-set ${uri} key=2`, tool`secret-remove ${uri} --revision 9`);
      expect(scene.revisions(uri)).toEqual(["1"]);
      await probe.run("alpha/0", tool`secret-remove ${uri}`, tool`secret-set ${uri} key=2`);
      expect(scene.revisions(uri)).toEqual(["1", "2"]);
    });
  });

  describe("secret-grant and secret-revoke", () => {
    const denied = refusal(1, "permission denied");

    test("[secret-grant/application] they let the other application read, and take that back", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=value`);
      await probe.output("alpha/0", tool`secret-grant ${uri} -r backend:${scene.backend}`);
      await expectAnswers("beta/1", [[tool`secret-get ${uri} key`, answer("value\n")]]);
      expect(scene.secret(uri).grants).toEqual({ beta: scene.backend });
      // Once more is no mistake, and neither is a unit of an application that has it already.
      await expectAnswers("alpha/0", [
        [tool`secret-grant ${uri} --relation ${scene.backend}`, answer("")],
        [tool`secret-grant ${uri} -r ${scene.backend} --unit beta/0`, answer("")],
      ]);
      expect(scene.secret(uri).grants).toEqual({ beta: scene.backend });
      await probe.output("alpha/0", tool`secret-revoke ${uri} --app beta`);
      await expectAnswers("beta/1", [[tool`secret-get ${uri} key`, denied]]);
    });

    test("[secret-grant/unit] they let one unit read; its right goes before the application's comes", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add --owner unit key=value`);
      await probe.output("alpha/0", tool`secret-grant ${uri} -r ${scene.backend} --unit beta/0`);
      await expectAnswers("beta/0", [[tool`secret-get ${uri} key`, answer("value\n")]]);
      await expectAnswers("beta/1", [[tool`secret-get ${uri} key`, denied]]);
      await expectAnswers("alpha/1", [[tool`secret-get ${uri} key`, denied]]);
      await expectAnswers("alpha/0", [
        [
          tool`secret-grant ${uri} -r ${scene.backend}`,
          refusal(
            1,
            "any unit level grants need to be revoked before granting access to the corresponding application",
          ),
        ],
        [tool`secret-revoke ${uri} --unit beta/0`, answer("")],
        [tool`secret-grant ${uri} -r ${scene.backend}`, answer("")],
      ]);
      expect(scene.secret(uri).grants).toEqual({ beta: scene.backend });
    });

    test("[secret-grant/refused] what names no relation, no unit of it, or no secret is refused", async () => {
      const uri = await scene.add("alpha/0", tool`secret-add key=value`);
      const { backend } = scene;
      await expectAnswers("alpha/0", [
        [tool`secret-grant`, refusal(2, "missing secret URI")],
        [tool`secret-grant ${uri}`, refusal(2, "no relation id specified")],
        [tool`secret-grant ${uri} -r 99`, refusal(2, 'invalid value "99" for option -r: relation not found')],
        [tool`secret-grant ${uri} -r ${backend} --unit beta`, refusal(2, 'unit "beta" not valid')],
        [
          tool`secret-grant ${uri} -r ${backend} --unit alpha/1`,
          refusal(2, 'cannot specify unit "alpha/1" in relation to application "beta"'),
        ],
        [tool`secret-grant ${uri} -r ${backend} x`, refusal(2, 'unrecognized args: ["x"]')],
        [
          tool`secret-grant ${unknown} -r ${backend}`,
          refusal(1, `secret "${unknown.slice("secret:".length)}" not found`),
        ],
        [tool`secret-revoke ${uri}`, refusal(2, "missing relation or application or unit")],
        [tool`secret-revoke ${uri} --app b_c`, refusal(2, 'application "b_c" not valid')],
        [
          tool`secret-revoke ${uri} --app beta --unit beta/0`,
          refusal(2, "specify only one of application or unit"),
        ],
        [
          tool`secret-revoke ${uri} --app beta -r ${backend}`,
          refusal(2, "do not specify both relation and app"),
        ],
      ]);
    });

    test("[secret-grant/cross-model] across models the side that offers the relation grants, and no other", async () => {
      await probe.deploy("offered", { units: 1 });
      const across = await probe.juju.integrate("alpha:backend", "offered:frontend", {
        offeredBy: "offered",
      });
      await probe.juju.settle();
      const offered = await scene.add("offered/0", tool`secret-add key=value`);
      await probe.output("offered/0", tool`secret-grant ${offered} -r ${across}`);
      expect(scene.secret(offered).grants).toEqual({ alpha: across });
      const own = await scene.add("alpha/0", tool`secret-add key=value`);
      expect(await scene.refusedCommit("alpha/0", tool`secret-grant ${own} -r ${across}`)).toBe(
        `granting secrets access: cannot change access to "${own}" for "application-offered": ` +
          "sharing consumer secrets across a cross model relation not supported",
      );
      expect(scene.secret(own).grants).toEqual({});
    });

    test("[secret-grant/relation] the right is bound to one relation, and ends with it", async () => {
      await probe.deploy("gamma");
      const extra = await probe.juju.integrate("alpha:backend", "gamma:frontend");
      await probe.juju.settle();
      const uri = await scene.add("alpha/0", tool`secret-add key=value`);
      await probe.output("alpha/0", tool`secret-grant ${uri} -r ${extra}`);
      await expectAnswers("gamma/0", [[tool`secret-get ${uri} key`, answer("value\n")]]);
      await probe.juju.removeRelation("alpha:backend", "gamma:frontend");
      await probe.juju.settle();
      expect(scene.secret(uri).grants).toEqual({});
      await expectAnswers("gamma/0", [[tool`secret-get ${uri} key`, denied]]);
    });
  });

  describe("a secret", () => {
    test("[secret/goes-with-owner] goes with its owner, unit or application", async () => {
      await probe.deploy("delta", { units: 2 });
      await probe.juju.settle();
      const unit = await scene.add("delta/1", tool`secret-add --owner unit key=value`);
      const application = await scene.add("delta/0", tool`secret-add key=value`);
      await probe.output("delta/1", tool`secret-get ${application}`);
      await probe.juju.removeUnit("delta/1");
      await probe.juju.settle();
      expect(scene.ids).not.toContain(unit);
      expect(scene.secret(application).consumers).toEqual({});
      await probe.juju.removeApplication("delta");
      await probe.juju.settle();
      expect(scene.ids).not.toContain(application);
    });
  });
});

describe.each(ways)("the commit of secrets, $name", (way) => {
  /** Adds a secret of the unit and writes to the application's databag, and is deposed before the end. */
  async function deposed({ probe, backend }: SecretScene): Promise<void> {
    await probe.on(
      "alpha/0",
      "update-status",
      tool`secret-add --owner unit --label left-behind key=value`,
      tool`relation-set -r ${backend} --app named=yes`,
      pause("wrote"),
    );
    await probe.juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "wrote");
    await probe.juju.setLeader("alpha/1");
    await probe.release("alpha/0", "wrote");
    await probe.juju.settle({ allowErrors: true });
  }

  test("[secret-commit/first] up to Juju 3.6 secrets stay though the databags were refused, and the hook that runs again meets them", async () => {
    const three = await SecretScene.forTest(way, { version: "3.6.11" });
    const { juju } = three.probe;
    await deposed(three);
    expect(juju.databag(three.backend, "alpha")).toEqual({});
    expect(juju.secrets().map(({ owner, label }) => [owner, label])).toEqual([["alpha/0", "left-behind"]]);
    await juju.resolve("alpha/0");
    await juju.settle({ allowErrors: true });
    const message = 'creating secrets: secret with label "left-behind" already exists';
    expect(juju.log()).toContainEqual(expect.objectContaining({ message }));
  });

  test("[secret-commit/whole] from Juju 4 on a commit is taken as a whole or not at all", async () => {
    const four = await SecretScene.forTest(way, { version: "4.0.1" });
    await deposed(four);
    expect(four.probe.juju.databag(four.backend, "alpha")).toEqual({});
    expect(four.ids).toEqual([]);
  });

  test("[secret-commit/leader] secrets of the application are committed only while the unit leads", async () => {
    const scene = await SecretScene.forTest(way);
    const { probe, backend } = scene;
    await probe.on(
      "alpha/0",
      "update-status",
      tool`secret-add --label app-owned key=value`,
      tool`relation-set -r ${backend} lost=yes`,
      pause("added"),
    );
    await probe.juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "added");
    await probe.juju.setLeader("alpha/1");
    await probe.release("alpha/0", "added");
    await probe.juju.settle({ allowErrors: true });
    const message = 'creating secrets: "alpha/0" is not leader of "alpha"';
    expect(probe.juju.log()).toContainEqual(expect.objectContaining({ message }));
    expect(probe.juju.databag(backend, "alpha/0")).not.toHaveProperty("lost");
    expect(scene.ids).toEqual([]);
  });

  test("[secret-commit/kinds] up to Juju 3.6 a commit stops where one secret is refused, and those before it stay; from 4 on none does", async () => {
    const lines = [
      tool`secret-add --label before key=value`,
      tool`secret-add --owner unit --label taken key=value`,
      tool`relation-set -r ${cluster} lost=yes`,
    ];
    const labels: Record<string, readonly string[]> = {};
    for (const version of ["3.6.11", "4.0.1"]) {
      const scene = await SecretScene.forTest(way, { version });
      await scene.add("alpha/0", tool`secret-add --label taken key=value`);
      const why = 'creating secrets: secret with label "taken" already exists';
      expect(await scene.refusedCommit("alpha/0", ...lines)).toBe(why);
      expect(scene.probe.juju.databag(cluster, "alpha/0")).not.toHaveProperty("lost");
      labels[version] = scene.probe.juju.secrets().map(({ label }) => label);
    }
    expect(labels).toEqual({ "3.6.11": ["taken", "before"], "4.0.1": ["taken"] });
  });
});
