import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, refusal, tool, type Case } from "./script.ts";
import { ways } from "./ways.ts";

const cluster = 0;

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha", { units: 2 });
    await probe.deploy("beta", { units: 2 });
    await probe.deploy("empty", { units: 0 });
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
    await probe.juju.writeDatabag(backend, "beta/0", { plain: "text" });
    await probe.juju.writeDatabag(backend, "beta", { shared: "yes" });
    await probe.juju.writeDatabag(backend, "alpha", { own: "app" });
    await probe.juju.writeDatabag(cluster, "alpha", { peer: "app" });
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  async function expectAnswers(unit: string, cases: readonly Case[]): Promise<void> {
    expect(await probe.answers(unit, cases)).toEqual(cases);
  }

  let ticks = 0;

  /** In the hook of alpha/0 about a change of beta/0, or of beta. */
  async function expectInChanged(about: string, cases: readonly Case[]): Promise<void> {
    const change = (): Promise<void> =>
      probe.juju.writeDatabag(backend, about, { tick: String((ticks += 1)) });
    expect(await probe.answersIn("alpha/0", "backend-relation-changed", change, cases)).toEqual(cases);
  }

  describe("relation-ids", () => {
    test("[relation-ids/endpoint] prints the relations of an endpoint, and none for one that it does not know", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-ids cluster`, answer(`cluster:${cluster}\n`)],
        [tool`relation-ids backend --format=json`, answer(`["backend:${backend}"]\n`)],
        [tool`relation-ids extra --format=json`, answer("[]\n")],
        [tool`relation-ids nonsense --format=json`, answer("[]\n")],
      ]);
    });

    test("[relation-ids/default] takes the endpoint of the hook, and outside a relation hook needs one", async () => {
      await expectAnswers("alpha/0", [[tool`relation-ids`, refusal(2, "no endpoint name specified")]]);
      await expectInChanged("beta/0", [[tool`relation-ids`, answer(`backend:${backend}\n`)]]);
    });

    test("[relation-ids/sorted] sorts its answer as text", async () => {
      const sorted = [`backend:${backend}`];
      for (let number = 0; number < 4; number += 1) {
        await probe.deploy(`many${number}`, { units: 0 });
        sorted.push(`backend:${await probe.juju.integrate("alpha:backend", `many${number}:frontend`)}`);
      }
      await probe.juju.settle();
      expect(sorted.at(-1)).toMatch(/:1\d$/u);
      await expectAnswers("alpha/0", [
        [tool`relation-ids backend --format=json`, answer(`${JSON.stringify(sorted.toSorted())}\n`)],
      ]);
      for (let number = 0; number < 4; number += 1)
        await probe.juju.removeRelation("alpha:backend", `many${number}:frontend`);
      await probe.juju.settle();
    });

    test("[relation-ids/ended] has a relation until its broken hook has run, and not after", async () => {
      const ending = await probe.juju.integrate("alpha:backend", "empty:frontend");
      await probe.juju.settle();
      const remove = (): Promise<void> => probe.juju.removeRelation("alpha:backend", "empty:frontend");
      const sorted = [`backend:${backend}`, `backend:${ending}`].toSorted();
      const both = answer(`${sorted.join("\n")}\n`);
      const cases: readonly Case[] = [
        [tool`relation-ids`, both],
        [tool`relation-list --app`, answer("empty\n")],
      ];
      expect(await probe.answersIn("alpha/0", "backend-relation-broken", remove, cases)).toEqual(cases);
      await expectAnswers("alpha/0", [[tool`relation-ids backend`, answer(`backend:${backend}\n`)]]);
    });
  });

  describe("relation-list", () => {
    test("[relation-list/units] prints the remote units, sorted, and in a peer relation the other units", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-list -r backend:${backend} --format=json`, answer('["beta/0","beta/1"]\n')],
        [tool`relation-list -r ${cluster}`, answer("alpha/1\n")],
      ]);
    });

    test("[relation-list/application] --app prints the remote application, also where it has no unit", async () => {
      const idle = await probe.juju.integrate("alpha:backend", "empty:frontend");
      await probe.juju.settle();
      await expectAnswers("alpha/0", [
        [tool`relation-list -r ${backend} --app --format=json`, answer('"beta"\n')],
        [tool`relation-list -r ${idle} --app`, answer("empty\n")],
        [tool`relation-list -r ${idle}`, answer("")],
        [tool`relation-list -r ${cluster} --app`, answer("alpha\n")],
      ]);
      await probe.juju.removeRelation("alpha:backend", "empty:frontend");
      await probe.juju.settle();
    });

    test("[relation-list/joined-departed] has a unit in its joined hook, and no longer in its departed hook", async () => {
      let unit = "";
      const add = async (): Promise<void> => {
        unit = await probe.juju.addUnit("beta");
      };
      const [joined] = await probe.inHook("alpha/0", "backend-relation-joined", add, [tool`relation-list`]);
      expect(joined).toEqual(answer(`beta/0\nbeta/1\n${unit}\n`));
      const remove = (): Promise<void> => probe.juju.removeUnit(unit);
      const [departed] = await probe.inHook("alpha/0", "backend-relation-departed", remove, [
        tool`relation-list`,
      ]);
      expect(departed).toEqual(answer("beta/0\nbeta/1\n"));
    });
  });

  describe("relation-model-get", () => {
    test("[relation-model-get/same] prints the model of the remote application", async () => {
      const uuid = probe.juju.modelUuid;
      await expectAnswers("alpha/0", [
        [tool`relation-model-get -r ${backend} --format=json`, answer(`{"uuid":"${uuid}"}\n`)],
        [tool`relation-model-get -r ${cluster}`, answer(`uuid: ${uuid}\n`)],
        [tool`relation-model-get`, refusal(2, "no relation id specified")],
      ]);
    });

    test("[relation-model-get/other] prints another one across models, on both sides", async () => {
      await probe.deploy("offered", { units: 1 });
      const across = await probe.juju.integrate("alpha:backend", "offered:frontend", {
        offeredBy: "offered",
      });
      await probe.juju.settle();
      for (const unit of ["alpha/0", "offered/0"]) {
        const { uuid } = JSON.parse(
          await probe.output(unit, tool`relation-model-get -r ${across} --format=json`),
        ) as { readonly uuid: string };
        expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect(uuid).not.toBe(probe.juju.modelUuid);
      }
    });
  });

  describe("relation-get", () => {
    test("[relation-get/key] prints one value; a key that is not there is nothing, and null as JSON", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend} plain beta/0`, answer("text\n")],
        [tool`relation-get -r ${backend} absent beta/0`, answer("")],
        [tool`relation-get -r ${backend} absent beta/0 --format=json`, answer("null\n")],
        [tool`relation-get -r ${cluster} --app absent alpha --format=json`, answer("null\n")],
      ]);
    });

    test("[relation-get/whole] - or no key prints the databag; one that is empty is {} as JSON", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend} --app - beta --format=json`, answer(expectTicks({ shared: "yes" }))],
        [
          tool`relation-get -r ${backend} --app ${""} beta --format=json`,
          answer(expectTicks({ shared: "yes" })),
        ],
      ]);
      const bare = await probe.juju.integrate("alpha:backend", "empty:frontend");
      await probe.juju.settle();
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${bare} --app - empty --format=json`, answer("{}\n")],
      ]);
      await probe.juju.removeRelation("alpha:backend", "empty:frontend");
      await probe.juju.settle();
    });

    test("[relation-get/default-unit] reads the remote unit of the hook, where there is one", async () => {
      await expectInChanged("beta/0", [
        [tool`relation-get plain`, answer("text\n")],
        [tool`relation-get plain beta/1`, answer("")],
        [tool`relation-get --app shared`, answer("yes\n")],
        [tool`relation-get --app shared beta`, answer("yes\n")],
      ]);
    });

    test("[relation-get/default-application] reads the remote application in a hook about no unit", async () => {
      await expectInChanged("beta", [[tool`relation-get shared`, answer("yes\n")]]);
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend}`, refusal(2, "no unit or application specified")],
      ]);
    });

    test("[relation-get/application-of-unit] --app with a unit reads the unit's application", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend} --app shared beta/1`, answer("yes\n")],
      ]);
    });

    test("[relation-get/misuse] what names no unit is refused", async () => {
      await expectAnswers("alpha/0", [
        [
          tool`relation-get -r ${backend} - beta`,
          refusal(2, 'expected unit name, got application name "beta"'),
        ],
        [tool`relation-get -r ${backend} - beta//0`, refusal(2, 'invalid unit name "beta//0"')],
        [tool`relation-get -r ${backend} - beta/0 x`, refusal(2, 'unrecognized args: ["x"]')],
      ]);
    });

    test("[relation-get/addresses] every unit's databag has its addresses from the start", async () => {
      expect(probe.juju.databag(cluster, "alpha/1")).toEqual({
        "egress-subnets": "10.0.0.2/32",
        "ingress-address": "10.0.0.2",
        "private-address": "10.0.0.2",
      });
    });
  });

  describe("who may read and write which databag", () => {
    test("[access/unit-read] a unit's databag is read by its own and the other side's units", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend} ingress-address alpha/0`, answer("10.0.0.1\n")],
        [tool`relation-get -r ${backend} ingress-address beta/0`, answer("10.0.0.3\n")],
        [tool`relation-get -r ${cluster} ingress-address alpha/1`, answer("10.0.0.2\n")],
      ]);
    });

    test("[access/stranger] that of a unit or application outside the relation is denied", async () => {
      const denied = refusal(1, "permission denied");
      const absent = 'unit "beta/9": settings not found';
      const key = "beta:frontend alpha:backend";
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend} - other/0`, denied],
        [tool`relation-get -r ${backend} --app - other`, denied],
        [
          tool`relation-get -r ${backend} - beta/9`,
          refusal(1, `cannot read settings for unit "beta/9" in relation "${key}": ${absent}`),
        ],
      ]);
    });

    test("[access/application-leader] the leader reads and writes its application's databag", async () => {
      await expectAnswers("alpha/0", [
        [tool`relation-get -r ${backend} --app own alpha`, answer("app\n")],
        [tool`relation-get -r ${cluster} --app peer alpha`, answer("app\n")],
        [tool`relation-set -r ${backend} --app by=leader`, answer("")],
      ]);
      expect(probe.juju.databag(backend, "alpha")).toEqual({ own: "app", by: "leader" });
    });

    test("[access/application-other] another unit reads it in a peer relation only, and never writes it", async () => {
      const before = probe.juju.databag(backend, "alpha");
      const refused = refusal(1, "cannot write relation settings");
      await expectAnswers("alpha/1", [
        [tool`relation-get -r ${backend} --app own alpha`, refusal(1, "permission denied")],
        [tool`relation-get -r ${cluster} --app peer alpha`, answer("app\n")],
        [tool`relation-set -r ${backend} --app own=mine`, refused],
        [tool`relation-set -r ${cluster} --app own=mine`, refused],
      ]);
      expect(probe.juju.databag(backend, "alpha")).toEqual(before);
      expect(probe.juju.databag(cluster, "alpha")).toEqual({ peer: "app" });
    });

    test("[access/application-remote] every unit reads the other side's application databag", async () => {
      const cases: readonly Case[] = [[tool`relation-get -r ${backend} --app shared beta`, answer("yes\n")]];
      await expectAnswers("alpha/0", cases);
      await expectAnswers("alpha/1", cases);
    });

    test("[access/unit-write] a unit writes its own databag only", async () => {
      await expectAnswers("alpha/1", [[tool`relation-set -r ${backend} own=mine`, answer("")]]);
      expect(probe.juju.databag(backend, "alpha/1")["own"]).toBe("mine");
      expect(probe.juju.databag(backend, "alpha/0")).not.toHaveProperty("own");
    });
  });

  function expectTicks(map: Record<string, string>): string {
    const tick = probe.juju.databag(backend, "beta")["tick"];
    return `${JSON.stringify(tick === undefined ? map : { ...map, tick })}\n`;
  }
});
