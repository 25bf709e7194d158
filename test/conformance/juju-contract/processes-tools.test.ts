import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SimulatedJuju } from "../../../lib/testing/index.ts";
import { startForTest, stopAndCheckForLeaks } from "./leaks.ts";
import { answer, probeCharm, refusal, ShellProbe } from "./shell-probe.ts";

// The client of the hook tools and of juju-exec, which only a charm meets that runs as processes.

let juju: SimulatedJuju;
let probe: ShellProbe;
let backend: number;

beforeAll(async () => {
  juju = await SimulatedJuju.start({ automaticallyRetryHooks: false });
  probe = new ShellProbe(juju);
  await juju.deploy({ charm: probeCharm, application: "alpha" });
  await juju.deploy({ charm: probeCharm, application: "beta" });
  backend = await juju.integrate("alpha:backend", "beta:frontend");
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

/** Shell: runs a command on alpha/0 from outside any hook. */
function exec(command: string): string {
  return `env -u JUJU_CONTEXT_ID juju-exec -u alpha/0 '${command}'`;
}

test("[client/context] a tool needs the id of the context that runs", async () => {
  const [missing, stale] = await probe.run(
    "alpha/0",
    "env -u JUJU_CONTEXT_ID is-leader",
    'echo "$JUJU_CONTEXT_ID"; JUJU_CONTEXT_ID=old is-leader',
  );
  expect(missing).toEqual(refusal(1, "JUJU_CONTEXT_ID not set"));
  const expected = `expected context id "${stale?.stdout.trim() ?? ""}", got "old"`;
  expect(stale).toMatchObject({ code: 1, stderr: `ERROR bad request: ${expected}\n` });
});

test("[client/no-agent] a tool fails where it does not reach the agent", async () => {
  const [dead] = await probe.run("alpha/0", "JUJU_AGENT_SOCKET_ADDRESS=/nowhere is-leader");
  expect(dead).toEqual(refusal(1, "dial unix /nowhere: connect: no such file or directory"));
});

test("[client/unknown-tool] the agent refuses a tool that it does not know", async () => {
  const link = `mkdir -p "$place/tools"; ln -sf "$(command -v is-leader)" "$place/tools/no-tool"`;
  const [unknown] = await probe.run("alpha/0", `${link}; "$place/tools/no-tool"`);
  expect(unknown).toEqual(refusal(1, "bad request: unknown hook command: no-tool"));
});

test("[client/unknown-action-tool] from Juju 4 on it says within an action that it knows no such action command", async () => {
  const four = await startForTest({ version: "4.0.1" });
  await four.deploy({ charm: probeCharm, application: "alpha" });
  await four.settle();
  const inFour = new ShellProbe(four);
  const link = `mkdir -p "$place/tools"; ln -sf "$(command -v is-leader)" "$place/tools/no-tool"`;
  const act = (): Promise<unknown> => four.runAction("alpha/0", "probe");
  const [unknown] = await inFour.inHook("alpha/0", "probe", act, [`${link}; "$place/tools/no-tool"`]);
  expect(unknown).toEqual(refusal(1, "bad request: unknown action command: no-tool"));
});

test("[client/outlived] a process that outlived its hook reaches no context", async () => {
  await probe.on(
    "alpha/0",
    "update-status",
    'setsid /bin/bash -c \'until [ -e "$0/over" ]; do sleep 0.01; done; is-leader 2>"$0/said"; touch "$0/tried"\' "$place" >/dev/null 2>&1 </dev/null &',
  );
  await juju.updateStatus("alpha/0");
  await juju.settle();
  await probe.release("alpha/0", "over");
  await probe.reached("alpha/0", "tried");
  expect(await readFile(join(probe.place("alpha/0"), "said"), "utf8")).toMatch(
    /^ERROR dial unix .*: connect: no such file or directory\n$/u,
  );
});

test("[client/stdin] a tool reads its standard input only where it asks for it", async () => {
  const [left, read] = await probe.run(
    "alpha/0",
    "echo left | { relation-ids backend; cat; }",
    `echo 'from: input' | { relation-set -r ${backend} --file -; cat; }`,
  );
  expect(left).toEqual(answer(`backend:${backend}\nleft\n`));
  expect(read).toEqual(answer(""));
  expect(juju.databag(backend, "alpha/0")["from"]).toBe("input");
});

test("[client/perl-base] the client needs only what perl-base has", async () => {
  const client = new URL("../../../lib/testing/processes/hook-tool.pl", import.meta.url).pathname;
  const used = (await readFile(client, "utf8")).matchAll(/^use (?<module>\w[\w:]*)/gmu);
  expect([...used].map((match) => match.groups?.["module"])).toEqual([
    "strict",
    "warnings",
    "Cwd",
    "IO::Socket::UNIX",
    "Socket",
  ]);
  expect(spawnSync("/usr/bin/perl", ["-wc", client], { encoding: "utf8" }).stderr).toContain("syntax OK");
});

test("[juju-exec/passes-on] juju-exec passes on output and exit code, and hands over databags", async () => {
  const [executed] = await probe.run(
    "beta/0",
    exec(`echo out; echo err >&2; relation-set -r ${backend} exec=1; exit 5`),
  );
  expect(executed).toEqual({ code: 5, stdout: "out\n", stderr: "err\n" });
  expect(juju.databag(backend, "alpha/0")["exec"]).toBe("1");
});

test("[juju-exec/shell] its command is run by a shell, in the charm's folder and a context of its own", async () => {
  const [environment] = await probe.run("beta/0", exec("env; pwd -P"));
  const lines = environment?.stdout.split("\n") ?? [];
  expect(lines).toContain("JUJU_HOOK_NAME=");
  expect(lines).toContain("JUJU_UNIT_NAME=alpha/0");
  expect(lines).toContain(probeCharm);
  expect(lines.join("\n")).toMatch(/^JUJU_CONTEXT_ID=alpha\/0-run-commands-[0-9a-f]{32}$/mu);
  expect(lines.filter((line) => /^JUJU_(?:DISPATCH_PATH|REL|REMOTE)/u.test(line))).toEqual([]);
});

test("[juju-exec/flags] it takes a relation and a remote unit", async () => {
  const show = "'echo $JUJU_RELATION_ID $JUJU_REMOTE_UNIT; relation-list'";
  const outside = "env -u JUJU_CONTEXT_ID juju-exec -u alpha/0";
  const expected = answer(`backend:${backend} beta/0\nbeta/0\n`);
  const results = await probe.run(
    "beta/0",
    `${outside} -r backend:${backend} ${show}`,
    `${outside} --relation=${backend} --remote-unit beta/0 ${show}`,
    `${outside} -r ${backend} --remote-unit=beta/0 ${show}`,
  );
  expect(results).toEqual([expected, expected, expected]);
});

test("[juju-exec/self-dispatch] a process that a charm left behind dispatches an event to it", async () => {
  const ran = `relation-set -r ${backend} worker=done; touch "$place/worker-done-ran"`;
  await probe.on("alpha/0", "worker-done", ran);
  const dispatch = "JUJU_DISPATCH_PATH=hooks/worker-done $CHARM_DIR/dispatch";
  await probe.on(
    "alpha/0",
    "update-status",
    `unset JUJU_CONTEXT_ID; setsid juju-exec -u alpha/0 "${dispatch}" >/dev/null 2>&1 </dev/null &`,
  );
  await juju.updateStatus("alpha/0");
  await probe.reached("alpha/0", "worker-done-ran");
  await juju.settle();
  await probe.off("alpha/0", "update-status");
  expect(juju.databag(backend, "alpha/0")["worker"]).toBe("done");
  const last = juju.hooksRun().findLast((run) => run.unit === "alpha/0");
  expect(last).toMatchObject({ operation: "juju-exec", exitCode: 0 });
});

test("[juju-exec/refused] it is refused within a hook, for an unknown unit, and without a command", async () => {
  const refused = await probe.run(
    "alpha/0",
    "JUJU_CONTEXT_ID=id juju-exec -u alpha/0 true",
    "env -u JUJU_CONTEXT_ID juju-exec -u alpha/9 true",
    "env -u JUJU_CONTEXT_ID juju-exec alpha/0",
  );
  expect(refused).toEqual([
    refusal(1, 'juju-run cannot be called from within a hook, have context "id"'),
    refusal(1, 'unit "alpha/9" not found on this machine'),
    refusal(2, "missing commands"),
  ]);
});
