import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SimulatedJuju } from "../../../lib/testing/index.ts";
import { survivingProcesses } from "../../../lib/testing/processes/surviving-processes.ts";
import { startForTest, stopAndCheckForLeaks } from "./leaks.ts";
import { probeCharm, ShellProbe, waitFor } from "./shell-probe.ts";

// What only a charm has that runs as processes: a working directory, arguments, exit codes, output, children.

let juju: SimulatedJuju;
let probe: ShellProbe;

beforeAll(async () => {
  juju = await SimulatedJuju.start({ automaticallyRetryHooks: false });
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "alpha" });
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

/** Runs a script in an `update-status` hook, whatever comes of it. */
async function updateStatus(script: string): Promise<void> {
  await probe.on("alpha/0", "update-status", script);
  await juju.updateStatus("alpha/0");
  await juju.settle({ allowErrors: true });
  await probe.off("alpha/0", "update-status");
}

test("[process/environment] a process has nothing of the environment that the agent runs in", async () => {
  const [shown] = await probe.run("alpha/0", "cat /proc/$$/environ");
  const names = (shown?.stdout ?? "").split("\0").map((line) => line.slice(0, line.indexOf("=")));
  expect(names).toContain("JUJU_CONTEXT_ID");
  const foreign = names.filter((name) => /^(?:HOME|USER|LOGNAME|SHELL|NODE_|npm_|VITEST)/u.test(name));
  expect(foreign).toEqual([]);
});

test("[process/path] the hook tools come first on its PATH", async () => {
  const [path, found] = await probe.run("alpha/0", 'echo "${PATH%%:*}"', "command -v relation-get");
  expect(path?.stdout.trim()).toBe(join(juju.directory, "tools"));
  expect(found?.stdout.trim()).toBe(join(juju.directory, "tools", "relation-get"));
});

test("[process/arguments] dispatch runs in the charm's folder, without arguments and with an empty input", async () => {
  const [place, args, input] = await probe.run("alpha/0", "pwd -P", "echo $#", "cat");
  expect(place?.stdout.trim()).toBe(probeCharm);
  expect(args?.stdout.trim()).toBe("0");
  expect(input).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("[process/output] what it prints goes to the log: stdout as debug, stderr as warning", async () => {
  await updateStatus("echo out; echo err >&2");
  expect(juju.log()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ unit: "alpha/0", level: "DEBUG", message: "out" }),
      expect.objectContaining({ unit: "alpha/0", level: "WARNING", message: "err" }),
    ]),
  );
});

test("[process/exit-code] any exit code but 0, and any signal, fails a hook", async () => {
  for (const [script, exitCode] of [
    ["exit 3", 3],
    ["kill -9 $$", 137],
    ["kill -TERM $$", 143],
  ] as const) {
    await updateStatus(`state-set kept=no; ${script}`);
    expect(juju.hooksRun().at(-1)).toMatchObject({ operation: "update-status", exitCode });
    expect(juju.status().applications["alpha"]?.units["alpha/0"]?.agent.name).toBe("error");
    await juju.resolve("alpha/0", { retry: false });
    await juju.settle();
  }
  expect(await probe.output("alpha/0", "state-get --format=json")).toBe("{}\n");
});

test("[process/action-output] an action's results have its output and its exit code", async () => {
  await probe.on("alpha/0", "probe", "echo said; echo warned >&2; action-set got=far; exit 7");
  expect(await juju.runAction("alpha/0", "probe")).toEqual({
    status: "failed",
    message: "exit status 7",
    results: { got: "far", "return-code": "7", stdout: "said\n", stderr: "warned\n" },
    log: [],
  });
});

test("[process/children] a child that it leaves behind lives on, and keeps no hook from ending", async () => {
  await updateStatus('sleep 1000 & setsid sleep 1000 & echo "$! " >"$place/child"; exit 0');
  expect(juju.hooksRun().at(-1)).toMatchObject({ operation: "update-status", exitCode: 0 });
  const child = Number(await probe.output("alpha/0", 'cat "$place/child"'));
  expect(await survivingProcesses(juju.modelUuid)).toContain(child);
});

test("[process/cancelled-children] an action that is called off is killed, and none of its children", async () => {
  const spawned = 'sleep 1000 & echo $! >"$place/pid"';
  await probe.on("alpha/0", "probe", `${spawned}; ${waitFor("acting", "never")}`);
  const { id, result } = juju.startAction("alpha/0", "probe");
  await probe.reached("alpha/0", "acting");
  await juju.cancelTask(id);
  expect(await result).toMatchObject({ status: "aborted" });
  const child = Number(await probe.output("alpha/0", 'cat "$place/pid"'));
  expect(await survivingProcesses(juju.modelUuid)).toContain(child);
});

test("[process/flood] a flood of output drowns nobody: of the results the end is kept, of the log the beginning", async () => {
  await probe.on("alpha/0", "probe", "yes flood | head -c 18000000; echo last");
  const { results } = await juju.runAction("alpha/0", "probe");
  expect(results["stdout"]).toHaveLength(1024 * 1024);
  expect(results["stdout"]?.endsWith("flood\nlast\n")).toBe(true);
  expect(juju.log().filter((line) => line.message === "flood")).toHaveLength(10_000);
});

test("[process/any-language] a charm may be written in any language", async () => {
  const python = new URL("../../charms/python", import.meta.url).pathname;
  const other = await startForTest();
  await other.deploy({ charm: python, application: "python" });
  await other.deploy({ charm: probeCharm, application: "client" });
  const relation = await other.integrate("python:backend", "client:frontend");
  await other.settle();
  expect(other.databag(relation, "python")).toEqual({ greeting: "Grüße, client ☕" });
  expect(other.status().applications["python"]?.status).toEqual({
    name: "active",
    message: "1 clients after backend-relation-changed",
  });
});
