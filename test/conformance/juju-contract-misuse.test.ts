import { spawnSync } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { isDatabaseBackupError } from "../../lib/errors.ts";
import { SimulatedJuju, SimulationError, type LogLine } from "../../lib/testing/index.ts";
import { survivingProcesses } from "../../lib/testing/processes/surviving-processes.ts";
import { startForTest, stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { ShellProbe, probeCharm } from "./juju-contract/shell-probe.ts";

const pythonCharm = new URL("../charms/python", import.meta.url).pathname;
let juju: SimulatedJuju;

beforeAll(async () => {
  juju = await SimulatedJuju.start();
  await juju.deploy({ charm: probeCharm, application: "alpha" });
  await juju.deploy({ charm: probeCharm, application: "beta" });
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

/** What the library's error says with which an attempt fails. */
async function refused(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (isDatabaseBackupError(error) && error instanceof Error) return error.message;
    throw error;
  }
  return "(let through)";
}

describe("what Juju would refuse is refused at the door", () => {
  test.for<[string, () => unknown, string]>([
    [
      "an unknown application",
      () => juju.integrate("nope:backend", "beta:frontend"),
      'no application "nope"',
    ],
    ["an unknown endpoint", () => juju.integrate("alpha:nope", "beta:frontend"), 'no endpoint "nope"'],
    ["no endpoint", () => juju.integrate("alpha", "beta:frontend"), '"alpha" names no endpoint'],
    [
      "another interface",
      () => juju.integrate("alpha:extra", "beta:frontend"),
      'interfaces are "extra" and "probe"',
    ],
    ["two providers", () => juju.integrate("alpha:backend", "beta:backend"), "both are a provider"],
    ["two requirers", () => juju.integrate("alpha:frontend", "beta:frontend"), "both are a requirer"],
    ["a peer endpoint", () => juju.integrate("alpha:cluster", "beta:cluster"), "from the start"],
    ["itself", () => juju.integrate("alpha:backend", "alpha:frontend"), "related to itself"],
    [
      "a relation that is not",
      () => juju.removeRelation("alpha:backend", "beta:frontend"),
      "are not related",
    ],
    ["an unknown action", () => juju.runAction("alpha/0", "nope"), 'no action "nope"'],
    ["an unknown parameter", () => juju.runAction("alpha/0", "probe", { nope: 1 }), 'no parameter "nope"'],
    ["a wrong string", () => juju.runAction("alpha/0", "probe", { text: 1 }), "must be of type string"],
    ["a wrong integer", () => juju.runAction("alpha/0", "probe", { count: 1.5 }), "must be of type integer"],
    ["a wrong list", () => juju.runAction("alpha/0", "probe", { list: {} }), "must be of type array"],
    ["a wrong object", () => juju.runAction("alpha/0", "probe", { nested: [] }), "must be of type object"],
    [
      "a value outside an enum",
      () => juju.runAction("alpha/0", "probe", { choice: "x" }),
      "outside its enum",
    ],
    ["a missing parameter", () => juju.runAction("alpha/0", "strict"), 'required parameter "needed"'],
    ["an unknown option", () => juju.configure("alpha", { nope: 1 }), 'no config option "nope"'],
    ["a wrong int", () => juju.configure("alpha", { size: "1" }), "must be of type int"],
    ["a wrong boolean", () => juju.configure("alpha", { on: "true" }), "must be of type boolean"],
    ["an unknown unit", () => juju.updateStatus("alpha/7"), 'no unit "alpha/7"'],
    ["an unknown relation", () => juju.databag(77, "alpha"), "no relation 77"],
    ["a relation without a number", () => juju.databag("backend", "alpha"), "is no relation id"],
    ["a stranger's databag", () => juju.writeDatabag(0, "beta", { a: "1" }), "takes no part in relation 0"],
    ["an application twice", () => juju.deploy({ charm: probeCharm, application: "alpha" }), "already"],
    [
      "a bad name",
      () => juju.deploy({ charm: probeCharm, application: "A_b" }),
      "cannot name an application",
    ],
    ["no charm", () => juju.deploy({ charm: tmpdir(), application: "gamma" }), "neither charmcraft.yaml"],
  ])("%s", async ([, attempt, message]) => {
    expect(await refused(attempt)).toContain(message);
  });

  test("a databag value that is no string", async () => {
    const number: Record<string, string> = JSON.parse('{"a":1}');
    expect(await refused(() => juju.writeDatabag(0, "alpha", number))).toContain('value of "a" is no string');
  });

  test("a relation beyond the limit of its endpoint", async () => {
    await juju.integrate("alpha:frontend", "beta:backend");
    await juju.deploy({ charm: probeCharm, application: "gamma", units: 0 });
    await juju.deploy({ charm: probeCharm, application: "delta", units: 0 });
    await juju.integrate("alpha:frontend", "gamma:backend");
    expect(await refused(() => juju.integrate("alpha:frontend", "beta:backend"))).toContain(
      "they are already",
    );
    expect(await refused(() => juju.integrate("alpha:frontend", "delta:backend"))).toContain("limit of 2");
    await juju.settle();
  });
});

describe("a charm's folder", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "charm-"));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  test("may have its metadata, actions and options in files of their own", async () => {
    await writeFile(
      join(folder, "metadata.yaml"),
      "name: old\nrequires:\n  frontend:\n    interface: probe\n",
    );
    await writeFile(
      join(folder, "actions.yaml"),
      "hello:\n  params:\n    name:\n      type: string\n      default: you\n",
    );
    await writeFile(join(folder, "config.yaml"), "options:\n  level:\n    type: int\n    default: 4\n");
    expect(await refused(() => juju.deploy({ charm: folder, application: "old" }))).toContain(
      'no executable "dispatch"',
    );
    await writeFile(
      join(folder, "dispatch"),
      '#!/bin/sh\necho "$(action-get name 2>/dev/null) $(config-get level)"\n',
    );
    await chmod(join(folder, "dispatch"), 0o755);
    await juju.deploy({ charm: folder, application: "old" });
    await juju.integrate("old:frontend", "beta:backend");
    await juju.settle();
    expect((await juju.runAction("old/0", "hello")).results["stdout"]).toBe("you 4\n");
  });

  test("may hold a charm in any language", async () => {
    await juju.deploy({ charm: pythonCharm, application: "python" });
    await juju.deploy({ charm: probeCharm, application: "client" });
    const relation = await juju.integrate("python:backend", "client:frontend");
    await juju.settle();
    expect(juju.databag(relation, "python")).toEqual({ greeting: "Grüße, client ☕" });
    expect(juju.status().applications["python"]?.status).toEqual({
      name: "active",
      message: "1 clients after backend-relation-changed",
    });
  });
});

describe("a simulated Juju", () => {
  test("says who does what when it does not come to rest, and kills it at the end", async () => {
    const hanging = await startForTest();
    const probe = new ShellProbe(hanging);
    await probe.on("solo/0", "install", 'touch "$place/hangs"; trap "" TERM; sleep 1000 & wait; sleep 1000');
    await hanging.deploy({ charm: probeCharm, application: "solo" });
    await probe.reached("solo/0", "hangs");
    await expect(hanging.settle({ timeoutMs: 20 })).rejects.toThrow("within 20 ms (solo/0: install)");
    await expect(hanging.settle({ timeoutMs: 20 })).rejects.toBeInstanceOf(SimulationError);
    const waiting = hanging.runAction("solo/0", "probe");
    await stopAndCheckForLeaks(hanging);
    expect((await waiting).status).toBe("aborted");
    await expect(hanging.addUnit("solo")).rejects.toThrow("was stopped");
    await expect(access(hanging.directory)).rejects.toThrow("ENOENT");
  });

  test("kills what a charm left behind, also out of its process group", async () => {
    const leaving = await startForTest();
    const probe = new ShellProbe(leaving);
    await probe.on("solo/0", "install", "setsid sleep 1000 & sleep 1000 & exit 0");
    await leaving.deploy({ charm: probeCharm, application: "solo" });
    await leaving.settle();
    expect((await survivingProcesses(leaving.modelUuid)).length).toBeGreaterThan(0);
    await stopAndCheckForLeaks(leaving);
  });

  test("is not drowned by a charm that floods its output", async () => {
    const probe = new ShellProbe(juju);
    await probe.on("alpha/0", "probe", "yes flood | head -c 18000000; echo last");
    const { results } = await juju.runAction("alpha/0", "probe");
    expect(results["stdout"]).toHaveLength(1024 * 1024);
    expect(results["stdout"]?.endsWith("flood\nlast\n")).toBe(true);
    const flooded = juju.log().filter((line) => line.message === "flood");
    expect(flooded).toHaveLength(10_000);
  });

  test("keeps a folder that it was given, and reports its log", async () => {
    const given = await mkdtemp(join(tmpdir(), "given-"));
    // Deep enough for the sockets to need another place.
    const directory = join(given, "x".repeat(120));
    await mkdir(directory);
    const lines: LogLine[] = [];
    const kept = await startForTest({
      directory,
      modelName: "kept",
      onLog: (line) => lines.push(line),
      extraPath: ["/x", "/y"],
    });
    const probe = new ShellProbe(kept);
    await kept.deploy({ charm: probeCharm, application: "solo", units: 1, config: { name: "mine" } });
    const shown = await probe.output(
      "solo/0",
      "juju-log hello; config-get name; echo $JUJU_MODEL_NAME ${PATH: -6}",
    );
    expect(shown).toBe("mine\nkept :/x:/y\n");
    expect(lines).toEqual(kept.log());
    expect(lines).toContainEqual(
      expect.objectContaining({ unit: "solo/0", level: "INFO", message: "hello" }),
    );
    expect(kept.status().model).toBe("kept");
    await kept.stop();
    await expect(access(kept.socketDirectory)).rejects.toThrow("ENOENT");
    await access(join(directory, "agents/unit-solo-0/charm/dispatch"));
    await rm(given, { recursive: true });
  });

  test("fires update-status by itself on request", async () => {
    const ticking = await startForTest({ updateStatusIntervalMs: 1 });
    await ticking.deploy({ charm: probeCharm, application: "solo" });
    await vi.waitFor(
      () => expect(ticking.hooksRun().map((run) => run.operation)).toContain("update-status"),
      20_000,
    );
    await stopAndCheckForLeaks(ticking);
  });

  test("has a client for its tools that needs only perl-base", async () => {
    const client = new URL("../../lib/testing/processes/hook-tool.pl", import.meta.url).pathname;
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
});
