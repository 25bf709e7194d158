import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, given, pause, refusal, tool, type Case } from "./script.ts";
import { startForTest, ways } from "./ways.ts";

const since = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/u) as string;

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha", { units: 2 });
    await probe.deploy("beta", { units: 2 });
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  async function expectAnswers(unit: string, cases: readonly Case[]): Promise<void> {
    expect(await probe.answers(unit, cases)).toEqual(cases);
  }

  describe("status-set and status-get", () => {
    test("[status/at-once] a status counts at once, before the hook has ended", async () => {
      const shown = (): unknown => probe.juju.status().applications["alpha"]?.units["alpha/0"]?.workload;
      await probe.on("alpha/0", "update-status", tool`status-set waiting ${"for the test"}`, pause("set"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "set");
      expect(shown()).toMatchObject({ name: "waiting", message: "for the test" });
      await probe.release("alpha/0", "set");
      await probe.juju.settle();
    });

    test("[status/set] the four statuses of a charm are taken, with or without a message", async () => {
      await expectAnswers("alpha/0", [
        [tool`status-set maintenance`, answer("")],
        [tool`status-set blocked ${"by 'this'"}`, answer("")],
        [tool`status-set waiting`, answer("")],
        [tool`status-set --application=False active -- -ready`, answer("")],
        [tool`status-get`, answer("active\n")],
        [tool`application-version-set 16.4`, answer("")],
        [
          tool`status-set fine`,
          refusal(2, 'invalid status "fine", expected one of [maintenance blocked waiting active]'),
        ],
        [tool`status-set unknown`, expectRefused(2)],
      ]);
    });

    test("[status/get] the status is a word, and everything as JSON and with --include-data", async () => {
      await expectAnswers("alpha/0", [
        [tool`status-set active -- -ready`, answer("")],
        [tool`status-get`, answer("active\n")],
        [tool`status-get --format=json`, answer('{"message":"-ready","status":"active","status-data":{}}\n')],
        [tool`status-get --include-data`, answer("message: -ready\nstatus: active\nstatus-data: {}\n")],
      ]);
    });

    test("[status/application] the leader alone sets and reads that of the application", async () => {
      await expectAnswers("alpha/0", [[tool`status-set --application blocked ${"all of us"}`, answer("")]]);
      expect(probe.juju.status().applications["alpha"]?.status).toEqual({
        name: "blocked",
        message: "all of us",
      });
      const read = await probe.output("alpha/0", tool`status-get --application --format=json`);
      expect(JSON.parse(read)).toMatchObject({
        "application-status": {
          message: "all of us",
          status: "blocked",
          units: { "alpha/0": { status: "active" }, "alpha/1": { status: "unknown" } },
        },
      });
      const refused = refusal(1, "this unit is not the leader");
      await expectAnswers("alpha/1", [
        [tool`status-set --application active`, refused],
        [tool`status-get --application`, refused],
      ]);
    });
  });

  describe("config-get", () => {
    test("[config-get/all] prints the options that have a value, with their types, and --all the others too", async () => {
      await expectAnswers("alpha/0", [
        [tool`config-get --format=json`, answer('{"name":"probe","on":true,"ratio":0.5}\n')],
        [tool`config-get -a --format=json`, answer('{"name":"probe","on":true,"ratio":0.5,"size":null}\n')],
      ]);
    });

    test("[config-get/key] prints one; without a value it is nothing, and null as JSON", async () => {
      await expectAnswers("alpha/0", [
        [tool`config-get name`, answer("probe\n")],
        [tool`config-get on`, answer("True\n")],
        [tool`config-get size --format=json`, answer("null\n")],
        [tool`config-get none`, answer("")],
      ]);
    });
  });

  describe("state-get, state-set and state-delete", () => {
    test("[state/keeps] a unit keeps what it sets, reads it back, and no other unit sees it", async () => {
      await expectAnswers("alpha/0", [
        [tool`state-set a=1 b=2`, answer("")],
        [given("c: 3\nd: 3\n", tool`state-set --file - d=4`), answer("")],
        [tool`state-delete b`, answer("")],
        [tool`state-get --format=json`, answer('{"a":"1","c":"3","d":"4"}\n')],
      ]);
      await expectAnswers("alpha/0", [
        [tool`state-get --format=json`, answer('{"a":"1","c":"3","d":"4"}\n')],
        [tool`state-get a`, answer("1\n")],
        [tool`state-get b`, refusal(1, '"b" not found')],
      ]);
      await expectAnswers("alpha/1", [[tool`state-get a`, refusal(1, '"a" not found')]]);
    });

    test("[state/empty] where nothing is kept, it is {} up to Juju 3.6 and null from 4 on", async () => {
      await expectAnswers("beta/0", [[tool`state-get --format=json`, answer("{}\n")]]);
      const four = await startForTest(way, { version: "4.0.1" });
      await four.deploy("alpha");
      await four.juju.settle();
      expect(await four.output("alpha/0", tool`state-get --format=json`)).toBe("null\n");
    });
  });

  describe("goal-state, network-get and juju-log", () => {
    test("[goal-state/units] goal-state names the units that there are to be, and those that go", async () => {
      const unit = await probe.juju.addUnit("alpha");
      await probe.juju.settle();
      await probe.failing(unit, "stop");
      await probe.juju.removeUnit(unit);
      await probe.juju.settle({ allowErrors: true });
      const goal: unknown = JSON.parse(await probe.output("alpha/0", tool`goal-state --format=json`));
      expect(goal).toMatchObject({
        units: {
          "alpha/0": { status: "active", since },
          "alpha/1": { status: "unknown", since },
          [unit]: { status: "dying", since },
        },
      });
      await probe.off(unit, "stop");
      await probe.juju.resolve(unit);
      await probe.juju.settle();
    });

    test("[goal-state/relations] goal-state names related applications with their units, by the endpoint", async () => {
      const goal: unknown = JSON.parse(await probe.output("alpha/0", tool`goal-state --format=json`));
      expect(goal).toMatchObject({
        relations: {
          backend: {
            beta: { status: "joined" },
            "beta/0": { status: "unknown", since },
            "beta/1": { status: "unknown", since },
          },
        },
      });
      expect(Object.keys((goal as { relations: object }).relations)).toEqual(["backend"]);
      expect(await probe.output("alpha/0", tool`goal-state`)).toMatch(/^units:\n {2}alpha\/0:\n/u);
    });

    test("[network-get/answer] network-get tells the addresses of a binding, whole or one by one", async () => {
      const whole =
        '{"bind-addresses":[{"mac-address":"","interface-name":"","addresses":[{"hostname":"","value":"10.0.0.1","cidr":""}]}],"egress-subnets":["10.0.0.1/32"],"ingress-addresses":["10.0.0.1"]}\n';
      await expectAnswers("alpha/0", [
        [tool`network-get backend --format=json`, answer(whole)],
        [tool`network-get backend -r ${backend} --format=json`, answer(whole)],
        [tool`network-get backend --ingress-address`, answer("10.0.0.1\n")],
        [tool`network-get backend --bind-address`, answer("10.0.0.1\n")],
        [tool`network-get backend --egress-subnets`, answer("10.0.0.1/32\n")],
      ]);
    });

    test("[network-get/unknown] a binding that the charm does not have is refused", async () => {
      await expectAnswers("alpha/0", [
        [tool`network-get x`, refusal(1, 'no network config found for binding "x"')],
      ]);
    });

    test("[juju-log/levels] juju-log writes at its level, and at INFO where it does not know the level", async () => {
      await expectAnswers("alpha/0", [
        [tool`juju-log -l WARNING two words`, answer("")],
        [tool`juju-log --log-level DEBUG -- --dashes`, answer("")],
        [tool`juju-log -l shout loud`, answer("")],
        [tool`juju-log`, refusal(2, "no message specified")],
      ]);
      expect(probe.juju.log()).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ unit: "alpha/0", level: "WARNING", message: "two words" }),
          expect.objectContaining({ unit: "alpha/0", level: "DEBUG", message: "--dashes" }),
          expect.objectContaining({ unit: "alpha/0", level: "INFO", message: "loud" }),
        ]),
      );
    });

    test("[juju-log/relation] in a relation hook a line begins with the relation", async () => {
      const change = (): Promise<void> => probe.juju.writeDatabag(backend, "beta/0", { logged: "1" });
      const cases: readonly Case[] = [[tool`juju-log within`, answer("")]];
      expect(await probe.answersIn("alpha/0", "backend-relation-changed", change, cases)).toEqual(cases);
      expect(probe.juju.log()).toContainEqual(
        expect.objectContaining({ level: "INFO", message: `backend:${backend}: within` }),
      );
    });
  });

  function expectRefused(code: number): { code: number; stdout: string; stderr: string } {
    return { code, stdout: "", stderr: expect.stringMatching(/^ERROR .+\n$/u) as string };
  }
});
