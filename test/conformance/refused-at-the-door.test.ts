import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError } from "../../lib/errors.ts";
import { SimulatedJuju } from "../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { probeCharm } from "./juju-contract/probe.ts";

const pythonCharm = new URL("../charms/python", import.meta.url).pathname;
let juju: SimulatedJuju;

beforeAll(async () => {
  juju = await SimulatedJuju.start();
  await juju.deploy({ charm: probeCharm, application: "alpha" });
  await juju.deploy({ charm: probeCharm, application: "beta" });
  const idle = { charm: probeCharm, inProcess: async (): Promise<void> => undefined };
  await juju.deploy({ ...idle, application: "related" });
  await juju.deploy({ ...idle, application: "other" });
  await juju.integrate("related:backend", "other:frontend");
  await juju.settle();
});
afterAll(async () => stopAndCheckForLeaks(juju));

/** Something to wait for, and what lets it go on. */
function held(): { readonly promise: Promise<void>; readonly go: () => void } {
  let go = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    go = resolve;
  });
  return { promise, go };
}

/** What the library's error says with which an attempt fails. */
async function refused(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof ConfigurationError && error.remedy !== "") return error.message;
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
    [
      "half a unit",
      () => juju.deploy({ charm: probeCharm, application: "gamma", units: 0.5 }),
      "number of units",
    ],
    [
      "fewer than no units",
      () => juju.deploy({ charm: probeCharm, application: "gamma", units: -1 }),
      "number of units",
    ],
    ["a wrong float", () => juju.configure("alpha", { ratio: "1" }), "must be of type float"],
    ["a wrong string option", () => juju.configure("alpha", { name: 1 }), "must be of type string"],
    ["a wrong flag", () => juju.runAction("alpha/0", "probe", { flag: "true" }), "must be of type boolean"],
    ["an action of a strange unit", () => juju.startAction("alpha/7", "probe"), 'no unit "alpha/7"'],
    ["an unknown task", () => juju.cancelTask("99"), 'No action with the id "99"'],
    ["a leader that is not there", () => juju.setLeader("alpha/7"), 'no unit "alpha/7"'],
    ["no leader of nothing", () => juju.removeLeader("nope"), 'no application "nope"'],
    ["a unit of nothing", () => juju.addUnit("nope"), 'no application "nope"'],
    ["a unit to remove that is not there", () => juju.removeUnit("alpha/7"), 'no unit "alpha/7"'],
    ["a unit to resolve that is well", () => juju.resolve("alpha/0"), "is not in hook error"],
    [
      "an agent to be killed in a hook that runs none",
      () => juju.restartAgent("alpha/0", { when: "unrecorded" }),
      'Unit "alpha/0" runs no hook',
    ],
    ["an agent that is not there", () => juju.restartAgent("alpha/7"), 'no unit "alpha/7"'],
    ["a command to nobody", () => juju.exec("alpha/7", "true"), 'no unit "alpha/7"'],
    ["a machine of its own for a process", () => juju.machine("alpha/0"), "has no machine of its own"],
    [
      "a new charm for nothing",
      () => juju.refresh({ application: "nope", charm: probeCharm }),
      'no application "nope"',
    ],
    [
      "a function for a charm of processes",
      () => juju.refresh({ application: "alpha", charm: probeCharm, inProcess: async () => undefined }),
      "runs as processes",
    ],
    [
      "a new charm without its peers",
      () => juju.refresh({ application: "related", charm: pythonCharm }),
      "would break relation",
    ],
    [
      "a databag without a key",
      () => juju.writeDatabag(0, "alpha", { "": "1" }),
      "key of a databag is empty",
    ],
    ["a version of Juju before 3", () => SimulatedJuju.start({ version: "2.9.50" }), "is simulated"],
    ["no version of Juju", () => SimulatedJuju.start({ version: "latest" }), "is simulated"],
    ["time that is not virtual", () => juju.advance(1), "clock on the wall"],
    ["no charm", () => juju.deploy({ charm: tmpdir(), application: "gamma" }), "neither charmcraft.yaml"],
  ])("%s", async ([, attempt, message]) => {
    expect(await refused(attempt)).toContain(message);
  });

  test("a databag value that is no string", async () => {
    const number: Record<string, string> = JSON.parse('{"a":1}');
    expect(await refused(() => juju.writeDatabag(0, "alpha", number))).toContain('value of "a" is no string');
  });

  test("a databag of a unit that has not entered the relation", async () => {
    const { promise, go } = held();
    await juju.deploy({ charm: probeCharm, application: "late", inProcess: async () => promise });
    const relation = await juju.integrate("late:backend", "beta:frontend");
    expect(await refused(() => juju.writeDatabag(relation, "late/0", { a: "1" }))).toContain(
      "has not yet entered",
    );
    go();
    await juju.settle();
    await juju.writeDatabag(relation, "late/0", { a: "1" });
    await juju.settle();
  });

  test("whatever is asked of an application that is being removed", async () => {
    const { promise, go } = held();
    await juju.deploy({ charm: probeCharm, application: "going", inProcess: async () => promise });
    await juju.removeApplication("going");
    for (const attempt of [
      () => juju.addUnit("going"),
      () => juju.integrate("going:backend", "beta:frontend"),
      () => juju.refresh({ application: "going", charm: probeCharm }),
    ])
      expect(await refused(attempt)).toContain('Application "going" is being removed');
    go();
    await juju.settle();
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

  test.for<[what: string, metadata: string, message: string]>([
    ["an endpoint without an interface", "requires: { a: {} }", 'Endpoint "a"'],
    [
      "an endpoint in two sections",
      "requires: { a: { interface: b } }\nprovides: { a: { interface: b } }",
      'declares endpoint "a" twice',
    ],
    ["an endpoint that Juju keeps for itself", "provides: { juju-info: { interface: b } }", "reserved name"],
    ["an action with a name that Juju refuses", "actions: { Backup: {} }", "a name that Juju refuses"],
    ["an action that Juju keeps for itself", "actions: { juju-run: {} }", "a name that Juju refuses"],
    [
      "a parameter of a type that JSON does not have",
      "actions: { backup: { params: { size: { type: int } } } }",
      'Parameter "size" of action "backup"',
    ],
    ["an option without a type", "config: { options: { size: {} } }", 'option "size"'],
    [
      "a default of another type",
      "config: { options: { size: { type: int, default: big } } }",
      'default of config option "size"',
    ],
    ["what is no YAML", "provides: [", "is not valid YAML"],
  ])("may not declare %s", async ([, metadata, message]) => {
    const charm = await mkdtemp(join(folder, "declares-"));
    await writeFile(join(charm, "charmcraft.yaml"), `name: declares\n${metadata}\n`);
    const deploy = (): Promise<void> =>
      juju.deploy({ charm, application: "declares", inProcess: async () => undefined });
    expect(await refused(deploy)).toContain(message);
    expect(juju.status().applications).not.toHaveProperty("declares");
  });

  test("has options of type secret, which hold the id of one", async () => {
    const charm = await mkdtemp(join(folder, "secret-"));
    await writeFile(
      join(charm, "charmcraft.yaml"),
      "name: s\nconfig: { options: { key: { type: secret } } }\n",
    );
    await juju.deploy({ charm, application: "secretive", inProcess: async () => undefined });
    expect(await refused(() => juju.configure("secretive", { key: "password" }))).toContain("of type secret");
    await juju.configure("secretive", { key: "secret:9m4e2mr0ui3e8a215n4g" });
    await juju.settle();
  });
});
