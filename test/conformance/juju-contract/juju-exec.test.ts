import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, pause, refusal, tool } from "./script.ts";
import { ways } from "./ways.ts";

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    probe = await way.start({ automaticallyRetryHooks: false });
    await probe.deploy("alpha", { units: 2 });
    await probe.deploy("beta", { units: 2 });
    await probe.deploy("gamma");
    await probe.deploy("empty", { units: 0 });
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  test("[juju-exec/flush] hands over databags, also where the command fails", async () => {
    await probe.on("alpha/0", "my-event", tool`relation-set -r ${backend} exec=1`);
    expect(await probe.dispatch("alpha/0", "my-event")).toMatchObject({ exitCode: 0 });
    expect(probe.juju.databag(backend, "alpha/0")["exec"]).toBe("1");
    await probe.failing("alpha/0", "my-event", tool`relation-set -r ${backend} exec=2`);
    expect(await probe.dispatch("alpha/0", "my-event")).toMatchObject({ exitCode: 1 });
    expect(probe.juju.databag(backend, "alpha/0")["exec"]).toBe("2");
  });

  test("[juju-exec/no-hook-error] puts no unit in error where the command fails", async () => {
    await probe.failing("alpha/0", "my-event");
    await probe.dispatch("alpha/0", "my-event");
    await probe.juju.settle();
    expect(probe.juju.status().applications["alpha"]?.units["alpha/0"]?.agent.name).toBe("idle");
    expect(probe.juju.hooksRun().at(-1)).toMatchObject({ operation: "juju-exec", exitCode: 1 });
  });

  test("[juju-exec/refused-commit] fails where its unit was deposed, without any write", async () => {
    await probe.on(
      "alpha/0",
      "my-event",
      tool`relation-set -r ${backend} --app exec=1`,
      tool`relation-set -r ${backend} exec=3`,
      pause("leading"),
    );
    const running = probe.dispatch("alpha/0", "my-event");
    await probe.reached("alpha/0", "leading");
    await probe.juju.setLeader("alpha/1");
    await probe.release("alpha/0", "leading");
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is not leader of");
    expect(probe.juju.databag(backend, "alpha")).toEqual({});
    expect(probe.juju.databag(backend, "alpha/0")["exec"]).toBe("2");
    await probe.juju.setLeader("alpha/0");
    await probe.juju.settle();
  });

  test("[juju-exec/turn] waits for the hook that runs", async () => {
    await probe.on("alpha/0", "update-status", pause("busy"));
    await probe.off("alpha/0", "my-event");
    const from = probe.now;
    await probe.juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "busy");
    const command = probe.dispatch("alpha/0", "my-event");
    await probe.release("alpha/0", "busy");
    expect(await command).toMatchObject({ exitCode: 0 });
    expect(probe.ran("alpha/0", from)).toEqual(["update-status", "juju-exec"]);
    await probe.off("alpha/0", "update-status");
  });

  test("[juju-exec/relation] with a relation its tools are about that relation", async () => {
    const steps = [tool`relation-ids`, tool`relation-list`, tool`relation-get ingress-address`];
    await probe.on("alpha/0", "my-event", ...steps);
    await probe.dispatch("alpha/0", "my-event", { relation: String(backend), remoteUnit: "beta/1" });
    const address = probe.juju.databag(backend, "beta/1")["ingress-address"] ?? "";
    expect((await probe.trace("alpha/0", "my-event")).results).toEqual([
      answer(`backend:${backend}\n`),
      answer("beta/0\nbeta/1\n"),
      answer(`${address}\n`),
    ]);
  });

  test("[juju-exec/no-relation] without one they have none", async () => {
    await probe.on("alpha/0", "my-event", tool`relation-list`, tool`action-get`);
    await probe.dispatch("alpha/0", "my-event");
    expect((await probe.trace("alpha/0", "my-event")).results).toEqual([
      refusal(2, "no relation id specified"),
      refusal(1, "not running an action"),
    ]);
  });

  test("[juju-exec/only-unit] the only unit of a relation need not be named", async () => {
    const relation = await probe.juju.integrate("alpha:backend", "gamma:frontend");
    await probe.juju.settle();
    await probe.on("alpha/0", "my-event");
    await probe.dispatch("alpha/0", "my-event", { relation: `backend:${relation}` });
    const { environment } = await probe.trace("alpha/0", "my-event");
    expect(environment["JUJU_REMOTE_UNIT"]).toBe("gamma/0");
    await probe.juju.removeRelation("alpha:backend", "gamma:frontend");
    await probe.juju.settle();
  });

  test("[juju-exec/which-unit] one of several, or one that is not there, is refused", async () => {
    const idle = await probe.juju.integrate("alpha:backend", "empty:frontend");
    await probe.juju.settle();
    const refused = async (about: { relation?: string; remoteUnit?: string }): Promise<unknown> => {
      const end = await probe.dispatch("alpha/0", "my-event", about);
      return { code: end.exitCode, stdout: end.stdout, stderr: end.stderr };
    };
    const relation = String(backend);
    expect(await refused({ relation })).toEqual(
      refusal(1, "ambiguous remote unit; possibilities are [beta/0 beta/1]"),
    );
    expect(await refused({ relation, remoteUnit: "beta/7" })).toEqual(
      refusal(1, "unknown remote unit beta/7; possibilities are [beta/0 beta/1]"),
    );
    expect(await refused({ relation: String(idle) })).toEqual(
      refusal(1, `cannot infer remote unit in empty relation ${idle}`),
    );
    expect(await refused({ relation: "99" })).toEqual(refusal(1, "unknown relation id: 99"));
    expect(await refused({ remoteUnit: "beta/0" })).toEqual(
      refusal(1, "remote unit provided without a relation: beta/0"),
    );
    expect(await refused({ relation, remoteUnit: "beta" })).toEqual(refusal(1, "invalid remote unit: beta"));
  });
});
