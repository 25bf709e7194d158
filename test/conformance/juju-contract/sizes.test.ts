import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { answer, given, refusal, tool, type ToolCall } from "./script.ts";
import { ways } from "./ways.ts";

const cluster = 0;
const mebibyte = 1024 * 1024;

function stateSet(pairs: Readonly<Record<string, string>>): ToolCall {
  return given(JSON.stringify(pairs), tool`state-set --file -`);
}

describe.each(ways)("$name", (way) => {
  let probe: Probe;

  beforeAll(async () => {
    probe = await way.start({ automaticallyRetryHooks: false });
    await probe.deploy("alpha");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  /** Runs a hook whose commit is refused, and tells why; it counts as done then. */
  async function refusedCommit(...calls: readonly ToolCall[]): Promise<string> {
    const results = await probe.run("alpha/0", ...calls);
    expect(results).toEqual(calls.map(() => answer("")));
    expect(probe.juju.status().applications["alpha"]?.units["alpha/0"]?.agent.name).toBe("error");
    await probe.juju.resolve("alpha/0", { retry: false });
    await probe.juju.settle();
    const errors = probe.juju.log().filter((line) => line.level === "ERROR");
    return errors.at(-2)?.message ?? "";
  }

  test("[size/state-key] a key of state-set has at most 256 bytes", async () => {
    const results = await probe.run(
      "alpha/0",
      stateSet({ ["k".repeat(256)]: "v" }),
      stateSet({ ["k".repeat(257)]: "v" }),
      stateSet({ ["é".repeat(129)]: "v" }),
    );
    const refused = refusal(1, "max allowed key length (256) exceeded");
    expect(results).toEqual([answer(""), refused, refused]);
  });

  test("[size/state-value] a value of state-set has at most 64 KiB", async () => {
    const results = await probe.run(
      "alpha/0",
      stateSet({ big: "x".repeat(65_536) }),
      stateSet({ big: "x".repeat(65_537) }),
      tool`state-delete big`,
    );
    const refused = refusal(1, "max allowed value length (65536) exceeded");
    expect(results).toEqual([answer(""), refused, answer("")]);
  });

  test("[size/state] all that a unit keeps has at most 2 MiB, or the commit is refused as a whole", async () => {
    const values = Array.from({ length: 33 }, (_, index) => [`k${index}`, "x".repeat(65_000)]);
    expect(
      await refusedCommit(stateSet(Object.fromEntries(values)), tool`relation-set -r ${cluster} lost=1`),
    ).toBe("max allowed size (2097152) exceeded");
    expect(probe.juju.databag(cluster, "alpha/0")).not.toHaveProperty("lost");
    expect(await probe.run("alpha/0", tool`state-get k0`)).toEqual([refusal(1, '"k0" not found')]);
  });

  test("[size/databag] a databag has at most 16 MiB, or the commit is refused as a whole", async () => {
    const nearly = "x".repeat(16 * mebibyte - 100);
    await probe.juju.writeDatabag(cluster, "alpha", { nearly });
    await probe.juju.settle();
    const beyond = tool`relation-set -r ${cluster} --app beyond=${"x".repeat(100)}`;
    expect(await refusedCommit(beyond, tool`relation-set -r ${cluster} lost=1`)).toBe(
      "max allowed size (16777216) exceeded",
    );
    expect(probe.juju.databag(cluster, "alpha")).toEqual({ nearly });
    expect(probe.juju.databag(cluster, "alpha/0")).not.toHaveProperty("lost");
    const within = tool`relation-set -r ${cluster} --app within=${"x".repeat(10)}`;
    expect(await probe.run("alpha/0", within)).toEqual([answer("")]);
    expect(probe.juju.databag(cluster, "alpha")).toHaveProperty("within");
  });
});
