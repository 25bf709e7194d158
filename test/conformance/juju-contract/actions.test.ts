import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ActionResult } from "../../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, pause, refusal, tool, type Case, type Pause, type ToolCall } from "./script.ts";
import { startForTest, ways } from "./ways.ts";

const cluster = 0;
const interrupted = "unit agent was interrupted";

describe.each(ways)("$name", (way) => {
  let probe: Probe;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha", { units: 2 });
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  async function act(...steps: readonly (ToolCall | Pause)[]): Promise<ActionResult> {
    await probe.on("alpha/0", "probe", ...steps);
    const result = await probe.juju.runAction("alpha/0", "probe");
    await probe.juju.settle();
    return result;
  }

  function written(): string | undefined {
    return probe.juju.databag(cluster, "alpha/0")["action"];
  }

  describe("action-get and action-set", () => {
    test("[action/parameters] action-get prints parameters with their defaults, also by a path of keys", async () => {
      const parameters = { flag: true, list: [1, "b"], nested: { deep: { er: "x" } } };
      const json = '{"count":3,"flag":true,"list":[1,"b"],"nested":{"deep":{"er":"x"}},"text":"plain"}\n';
      const cases: readonly Case[] = [
        [tool`action-get --format=json`, answer(json)],
        [tool`action-get text`, answer("plain\n")],
        [tool`action-get count`, answer("3\n")],
        [tool`action-get flag`, answer("True\n")],
        [tool`action-get list`, answer("1\nb\n")],
        [tool`action-get nested.deep.er`, answer("x\n")],
        [tool`action-get nested.none --format=json`, answer("null\n")],
        [tool`action-get nested`, answer("deep:\n  er: x\n")],
      ];
      const run = (): Promise<unknown> => probe.juju.runAction("alpha/0", "probe", parameters);
      expect(await probe.answersIn("alpha/0", "probe", run, cases)).toEqual(cases);
      const empty: readonly Case[] = [[tool`action-get --format=json`, answer('{"needed":""}\n')]];
      const strict = (): Promise<unknown> => probe.juju.runAction("alpha/0", "strict", { needed: "" });
      expect(await probe.answersIn("alpha/0", "strict", strict, empty)).toEqual(empty);
    });

    test("[action/result-keys] action-set refuses keys that are not lower-case, reserved or no pair", async () => {
      const rule =
        "must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods";
      const cases: readonly Case[] = [
        [tool`action-set Upper=1`, refusal(2, `key "Upper" ${rule}`)],
        [tool`action-set a.-b=1`, refusal(2, `key "-b" ${rule}`)],
        [tool`action-set stdout=1`, refusal(2, 'cannot set reserved action key "stdout"')],
        [tool`action-set stderr-encoding=1`, refusal(2, 'cannot set reserved action key "stderr-encoding"')],
        [tool`action-set word`, refusal(2, 'argument "word" must be of the form key...=value')],
        [tool`action-set k=a=b`, answer("")],
      ];
      const run = (): Promise<unknown> => probe.juju.runAction("alpha/0", "probe");
      expect(await probe.answersIn("alpha/0", "probe", run, cases)).toEqual(cases);
    });

    test("[action/results] later values take the place of earlier ones, nested keys are joined by periods", async () => {
      const { status, results } = await act(
        tool`action-set a.b=1 a.c=2 plain=x k=a=b`,
        tool`action-set a=over`,
        tool`action-set d.e=1`,
        tool`action-set d.e=2`,
      );
      expect(status).toBe("completed");
      expect(results).toEqual({ a: "over", plain: "x", k: "a=b", "d.e": "2", "return-code": "0" });
    });

    test("[action/log] lines of action-log are kept, however the action ends", async () => {
      await probe.on("alpha/0", "probe", tool`action-log begin`, tool`action-log ${"still at it"}`);
      expect((await probe.juju.runAction("alpha/0", "probe")).log).toEqual(["begin", "still at it"]);
      await probe.failing("alpha/0", "probe", tool`action-log begin`);
      expect((await probe.juju.runAction("alpha/0", "probe")).log).toEqual(["begin"]);
    });

    test("[action/outside] outside an action the tools fail; from Juju 4 on they are not there", async () => {
      const calls = [tool`action-get`, tool`action-set a=1`, tool`action-log hello`, tool`action-fail`];
      const refused = calls.map((): unknown => refusal(1, "not running an action"));
      expect(await probe.run("alpha/0", ...calls)).toEqual(refused);
      const four = await startForTest(way, { version: "4.0.1" });
      await four.deploy("alpha");
      await four.juju.settle();
      const unknown = calls.map((call): unknown =>
        refusal(1, `bad request: unknown hook command: ${call.tool}`),
      );
      expect(await four.run("alpha/0", ...calls)).toEqual(unknown);
    });
  });

  describe("the end of an action", () => {
    test("[action/completed] with exit code 0 it is completed and its databags are written", async () => {
      expect(await act(tool`relation-set -r ${cluster} action=1`)).toMatchObject({
        status: "completed",
        message: "",
      });
      expect(written()).toBe("1");
    });

    test("[action/fail] action-fail does not end it, and with exit code 0 its databags are written", async () => {
      const failed = await act(tool`action-fail ${"no disk"}`, tool`relation-set -r ${cluster} action=2`);
      expect(failed).toMatchObject({ status: "failed", message: "no disk" });
      expect(written()).toBe("2");
      const unnamed = "action failed without reason given, check action for errors";
      expect((await act(tool`action-fail`)).message).toBe(unnamed);
    });

    test("[action/exit-code] with another exit code it has failed, without its databags but with its results", async () => {
      await probe.failing(
        "alpha/0",
        "probe",
        tool`relation-set -r ${cluster} action=3`,
        tool`action-set got=far`,
      );
      expect(await probe.juju.runAction("alpha/0", "probe")).toMatchObject({
        status: "failed",
        message: "exit status 1",
        results: { got: "far", "return-code": "1" },
      });
      expect(written()).toBe("2");
    });

    test("[action/no-hook-error] a failed action puts no unit in error", async () => {
      await probe.failing("alpha/0", "probe");
      await probe.juju.runAction("alpha/0", "probe");
      await probe.juju.settle();
      expect(probe.juju.status().applications["alpha"]?.units["alpha/0"]?.agent.name).toBe("idle");
    });

    test("[action/refused-commit] one whose commit is refused has failed", async () => {
      await probe.on("alpha/0", "probe", tool`relation-set -r ${cluster} --app x=1`, pause("acting"));
      const running = probe.juju.runAction("alpha/0", "probe");
      await probe.reached("alpha/0", "acting");
      await probe.juju.setLeader("alpha/1");
      await probe.release("alpha/0", "acting");
      expect(await running).toMatchObject({
        status: "failed",
        message: "committing requested changes failed",
      });
      await probe.juju.setLeader("alpha/0");
      await probe.juju.settle();
    });
  });

  describe("an action that is called off", () => {
    test("[action/cancel-waiting] one that waits never runs", async () => {
      await probe.on("alpha/0", "update-status", pause("busy"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "busy");
      const before = probe.count("alpha/0", "actions/probe");
      const { id, result } = probe.juju.startAction("alpha/0", "probe");
      await probe.juju.cancelTask(id);
      await probe.release("alpha/0", "busy");
      expect((await result).status).toBe("cancelled");
      await probe.juju.settle();
      expect(probe.count("alpha/0", "actions/probe")).toBe(before);
      await expect(probe.juju.cancelTask(id)).rejects.toThrow(`the id "${id}"`);
    });

    test("[action/cancel-running] one that runs is killed: aborted, without its databags", async () => {
      await probe.on("alpha/0", "probe", tool`relation-set -r ${cluster} action=cancelled`, pause("stuck"));
      const { id, result } = probe.juju.startAction("alpha/0", "probe");
      await probe.reached("alpha/0", "stuck");
      await probe.juju.cancelTask(id);
      expect(await result).toMatchObject({ status: "aborted", results: { "return-code": "137" } });
      expect(written()).toBe("2");
      await probe.juju.settle();
    });
  });

  describe("an action in the order of things", () => {
    test("[action/blocks] it waits for the hook that runs, and hooks wait for it", async () => {
      const from = probe.now;
      await probe.on("alpha/0", "update-status", pause("hook"));
      await probe.on("alpha/0", "probe", pause("action"));
      await probe.juju.updateStatus("alpha/0");
      await probe.reached("alpha/0", "hook");
      const action = probe.juju.runAction("alpha/0", "probe");
      await probe.juju.configure("alpha", { size: 1 });
      await probe.release("alpha/0", "hook");
      await probe.reached("alpha/0", "action");
      expect(probe.ran("alpha/0", from)).toEqual(["update-status"]);
      await probe.release("alpha/0", "action");
      await action;
      await probe.juju.settle();
      expect(probe.ran("alpha/0", from)).toEqual(["update-status", "actions/probe", "config-changed"]);
    });

    test("[action/interrupted] one whose agent is killed has failed, and does not run again", async () => {
      await probe.on("alpha/0", "probe", tool`relation-set -r ${cluster} action=killed`, pause("killed"));
      const before = probe.count("alpha/0", "actions/probe");
      const running = probe.juju.runAction("alpha/0", "probe");
      await probe.reached("alpha/0", "killed");
      await probe.juju.restartAgent("alpha/0");
      expect(await running).toMatchObject({ status: "failed", message: interrupted });
      await probe.juju.settle();
      expect(probe.count("alpha/0", "actions/probe")).toBe(before + 1);
      expect(written()).toBe("2");
    });
  });
});
