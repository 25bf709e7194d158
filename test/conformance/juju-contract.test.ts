import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedJuju, type HookRun } from "../../lib/testing/index.ts";
import { stopAndCheckForLeaks } from "./juju-contract/leaks.ts";
import { ShellProbe, probeCharm, waitFor } from "./juju-contract/shell-probe.ts";

let juju: SimulatedJuju;
let probe: ShellProbe;

beforeAll(async () => {
  juju = await SimulatedJuju.start();
  probe = new ShellProbe(juju);
});
afterAll(async () => stopAndCheckForLeaks(juju));

/** What ran on a unit since `from`, as "hook" or "hook remote-unit". */
function ran(unit: string, from = 0): string[] {
  return juju
    .hooksRun()
    .slice(from)
    .filter((run) => run.unit === unit)
    .map(({ operation, remoteUnit }: HookRun) =>
      remoteUnit === undefined ? operation : `${operation} ${remoteUnit}`,
    );
}

function environmentOf(text: string): Record<string, string> {
  const lines = text.split("\0").filter((line) => line !== "");
  // The shell that the charm is written in adds its own.
  const given = lines.filter((line) => !line.startsWith("PWD="));
  return Object.fromEntries(
    given.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

const everyRun = [
  "APT_LISTCHANGES_FRONTEND",
  "CHARM_DIR",
  "CLOUD_API_VERSION",
  "DEBIAN_FRONTEND",
  "JUJU_AGENT_SOCKET_ADDRESS",
  "JUJU_AGENT_SOCKET_NETWORK",
  "JUJU_API_ADDRESSES",
  "JUJU_AVAILABILITY_ZONE",
  "JUJU_CHARM_DIR",
  "JUJU_CHARM_FTP_PROXY",
  "JUJU_CHARM_HTTPS_PROXY",
  "JUJU_CHARM_HTTP_PROXY",
  "JUJU_CHARM_NO_PROXY",
  "JUJU_CONTEXT_ID",
  "JUJU_HOOK_NAME",
  "JUJU_MACHINE_ID",
  "JUJU_MODEL_NAME",
  "JUJU_MODEL_UUID",
  "JUJU_PRINCIPAL_UNIT",
  "JUJU_UNIT_NAME",
  "JUJU_VERSION",
  "LANG",
  "PATH",
  "TERM",
];

// The environment that the script was started with, before its shell adds to it.
const dumpEnvironment = "cat /proc/$$/environ";

describe("deployment", () => {
  test("runs install, relation-created, leader-elected, config-changed and start", async () => {
    await juju.deploy({ charm: probeCharm, application: "alpha" });
    await juju.settle();
    expect(ran("alpha/0")).toEqual([
      "install",
      "cluster-relation-created",
      "leader-elected",
      "config-changed",
      "start",
    ]);
    expect(juju.leader("alpha")).toBe("alpha/0");
    expect(juju.status().applications["alpha"]?.units["alpha/0"]).toMatchObject({
      leader: true,
      workload: { name: "unknown", message: "" },
      agent: { name: "idle", message: "" },
    });
  });

  test("writes the addresses of a unit that enters a relation", () => {
    expect(juju.databag("cluster:0", "alpha/0")).toEqual({
      "egress-subnets": "10.0.0.1/32",
      "ingress-address": "10.0.0.1",
      "private-address": "10.0.0.1",
    });
  });

  test("lets units that join later meet in their peer relation", async () => {
    const from = juju.hooksRun().length;
    await juju.addUnit("alpha");
    await juju.settle();
    expect(ran("alpha/1", from)).toEqual([
      "install",
      "cluster-relation-created",
      "config-changed",
      "start",
      "cluster-relation-joined alpha/0",
      "cluster-relation-changed alpha/0",
    ]);
    expect(ran("alpha/0", from)).toEqual([
      "cluster-relation-joined alpha/1",
      "cluster-relation-changed alpha/1",
    ]);
  });
});

describe("environment", () => {
  test("of a lifecycle hook is Juju's and nothing else", async () => {
    const { PATH: path = "", ...environment } = environmentOf(await probe.output("alpha/0", dumpEnvironment));
    expect(Object.keys({ PATH: path, ...environment }).toSorted()).toEqual(
      [...everyRun, "JUJU_DISPATCH_PATH"].toSorted(),
    );
    expect(environment).toMatchObject({
      CHARM_DIR: join(juju.directory, "agents/unit-alpha-0/charm"),
      JUJU_CONTEXT_ID: expect.stringMatching(/^alpha\/0-update-status-[0-9a-f]{32}$/u),
      JUJU_DISPATCH_PATH: "hooks/update-status",
      JUJU_HOOK_NAME: "update-status",
      JUJU_MODEL_NAME: "demo",
      JUJU_MODEL_UUID: juju.modelUuid,
      JUJU_UNIT_NAME: "alpha/0",
      JUJU_VERSION: "3.6.11",
    });
    expect(path.split(":")[0]).toBe(join(juju.directory, "tools"));
  });

  test("of a process is the charm's folder and no argument", async () => {
    const [place, args] = await probe.run("alpha/0", "pwd -P", "echo $#");
    expect(place?.stdout.trim()).toBe(probeCharm);
    expect(args?.stdout.trim()).toBe("0");
  });

  test("of an action names the action and no relation", async () => {
    const [dumped] = await probe.inHook("alpha/0", "probe", () => juju.runAction("alpha/0", "probe"), [
      dumpEnvironment,
    ]);
    const environment = environmentOf(dumped?.stdout ?? "");
    expect(Object.keys(environment).toSorted()).toEqual(
      [
        ...everyRun,
        "JUJU_ACTION_NAME",
        "JUJU_ACTION_TAG",
        "JUJU_ACTION_UUID",
        "JUJU_DISPATCH_PATH",
      ].toSorted(),
    );
    expect(environment).toMatchObject({
      JUJU_ACTION_NAME: "probe",
      JUJU_DISPATCH_PATH: "actions/probe",
      JUJU_HOOK_NAME: "",
    });
  });
});

describe("relation hooks", () => {
  let relation: number;

  test("come as created, joined and changed, with their environment", async () => {
    await juju.deploy({ charm: probeCharm, application: "beta" });
    await juju.settle();
    const from = juju.hooksRun().length;
    const [created] = await probe.inHook(
      "alpha/0",
      "backend-relation-created",
      async () => {
        relation = await juju.integrate("alpha:backend", "beta:frontend");
      },
      [dumpEnvironment],
    );
    expect(ran("alpha/0", from)).toEqual([
      "backend-relation-created",
      "backend-relation-joined beta/0",
      "backend-relation-changed beta/0",
    ]);
    const environment = environmentOf(created?.stdout ?? "");
    expect(Object.keys(environment).toSorted()).toEqual(
      [
        ...everyRun,
        "JUJU_DISPATCH_PATH",
        "JUJU_RELATION",
        "JUJU_RELATION_ID",
        "JUJU_REMOTE_APP",
        "JUJU_REMOTE_UNIT",
      ].toSorted(),
    );
    expect(environment).toMatchObject({
      JUJU_HOOK_NAME: "backend-relation-created",
      JUJU_RELATION: "backend",
      JUJU_RELATION_ID: `backend:${relation}`,
      JUJU_REMOTE_APP: "beta",
      JUJU_REMOTE_UNIT: "",
    });
  });

  test("about an application have an empty JUJU_REMOTE_UNIT, those about a unit its name", async () => {
    const show = 'echo "<$JUJU_REMOTE_APP> <$JUJU_REMOTE_UNIT>"';
    const about = async (owner: string): Promise<string | undefined> => {
      const write = (): Promise<void> => juju.writeDatabag(relation, owner, { written: owner });
      const [shown] = await probe.inHook("alpha/0", "backend-relation-changed", write, [show]);
      return shown?.stdout;
    };
    expect(await about("beta")).toBe("<beta> <>\n");
    expect(await about("beta/0")).toBe("<beta> <beta/0>\n");
  });

  test("are one for any number of changes", async () => {
    const from = juju.hooksRun().length;
    await probe.on("alpha/0", "update-status", waitFor("busy", "go-on"));
    await probe.on("alpha/0", "backend-relation-changed", 'relation-get count >"$place/count"');
    await juju.updateStatus("alpha/0");
    await probe.reached("alpha/0", "busy");
    for (let count = 0; count < 5; count += 1)
      await juju.writeDatabag(relation, "beta/0", { count: String(count) });
    await probe.release("alpha/0", "go-on");
    await juju.settle();
    await probe.off("alpha/0", "backend-relation-changed");
    expect(ran("alpha/0", from)).toEqual(["update-status", "backend-relation-changed beta/0"]);
    expect(await probe.output("alpha/0", 'cat "$place/count"')).toBe("4\n");
  });

  test("do not come for a change that changes nothing", async () => {
    const from = juju.hooksRun().length;
    await juju.writeDatabag(relation, "beta/0", { count: "4", absent: "" });
    await probe.output("beta/0", `relation-set -r ${relation} count=4 absent=`);
    await juju.settle();
    expect(ran("alpha/0", from)).toEqual([]);
  });

  test("never come for a unit's own databag", async () => {
    const from = juju.hooksRun().length;
    await probe.output("beta/0", `relation-set -r ${relation} own=1`);
    expect(ran("beta/0", from)).toEqual(["update-status"]);
    expect(ran("alpha/0", from)).toEqual(["backend-relation-changed beta/0"]);
  });

  test("come about the application before any unit has joined", async () => {
    await juju.deploy({ charm: probeCharm, application: "gamma" });
    await juju.settle();
    await probe.on("gamma/0", "frontend-relation-created", "relation-set --app greeting=hello");
    // The new unit finds a written application databag and a unit to join at its first look.
    const from = juju.hooksRun().length;
    await juju.integrate("alpha:backend", "gamma:frontend");
    await juju.settle();
    await juju.addUnit("alpha");
    await juju.settle();
    const ofGamma = ran("alpha/2", from).filter(
      (each) => each.includes("backend") && !each.endsWith("beta/0"),
    );
    expect(ofGamma).toEqual([
      "backend-relation-created",
      "backend-relation-created",
      "backend-relation-changed",
      "backend-relation-changed",
      "backend-relation-joined gamma/0",
      "backend-relation-changed gamma/0",
    ]);
  });

  test("come as departed and broken, with the members gone and the databags readable", async () => {
    const from = juju.hooksRun().length;
    const remove = (): Promise<void> => juju.removeRelation("alpha:backend", "beta:frontend");
    await probe.on(
      "alpha/1",
      "backend-relation-broken",
      'relation-ids backend >"$place/broken"; env >>"$place/broken"',
    );
    const [members, count, departing] = await probe.inHook("alpha/0", "backend-relation-departed", remove, [
      "relation-list",
      "relation-get count",
      'echo "$JUJU_REMOTE_UNIT $JUJU_DEPARTING_UNIT"',
    ]);
    expect(members?.stdout).toBe("");
    expect(count?.stdout).toBe("4\n");
    expect(departing?.stdout).toBe("beta/0 beta/0\n");
    expect(ran("alpha/0", from)).toEqual(["backend-relation-departed beta/0", "backend-relation-broken"]);
    const broken = await probe.output("alpha/1", 'cat "$place/broken"');
    expect(broken).toContain(`backend:${relation}\n`);
    expect(broken).toContain("JUJU_REMOTE_UNIT=\n");
    expect(await probe.output("alpha/1", "relation-ids backend")).not.toContain(`backend:${relation}\n`);
    expect(() => juju.databag(relation, "beta/0")).toThrow(`no relation ${relation}`);
  });
});

describe("a unit that is removed", () => {
  test("departs from its relations first, then stops and removes itself, and leadership passes on", async () => {
    const from = juju.hooksRun().length;
    const [departing] = await probe.inHook(
      "alpha/0",
      "backend-relation-departed",
      async () => {
        await juju.removeUnit("alpha/0");
      },
      ['echo "$JUJU_REMOTE_UNIT $JUJU_DEPARTING_UNIT"'],
    );
    expect(departing?.stdout).toBe("gamma/0 alpha/0\n");
    const hooks = ran("alpha/0", from);
    expect(hooks.slice(-2)).toEqual(["stop", "remove"]);
    expect(new Set(hooks.slice(0, -2))).toEqual(
      new Set([
        "cluster-relation-departed alpha/1",
        "cluster-relation-departed alpha/2",
        "backend-relation-departed gamma/0",
        "backend-relation-broken",
      ]),
    );
    expect(ran("gamma/0", from)).toContain("frontend-relation-departed alpha/0");
    expect(ran("alpha/1", from)).toContain("cluster-relation-departed alpha/0");
    expect(juju.leader("alpha")).toBe("alpha/1");
    expect(ran("alpha/1", from)).toContain("leader-elected");
    expect(Object.keys(juju.status().applications["alpha"]?.units ?? {})).toEqual(["alpha/1", "alpha/2"]);
  });

  test("never gives its number away, and an application ends with its units and relations", async () => {
    expect(await juju.addUnit("alpha")).toBe("alpha/3");
    await juju.settle();
    await juju.removeApplication("gamma");
    await juju.settle();
    expect(Object.keys(juju.status().applications)).toEqual(["alpha", "beta"]);
    expect(juju.status().applications["alpha"]?.relations).toEqual({ cluster: ["alpha"] });
  });
});

describe("config-changed and update-status", () => {
  test("come when the configuration differs, and on request", async () => {
    const from = juju.hooksRun().length;
    await juju.configure("beta", { size: 5 });
    await juju.configure("beta", { size: 5 });
    await juju.settle();
    await juju.updateStatus("beta/0");
    await juju.settle();
    expect(ran("beta/0", from)).toEqual(["config-changed", "update-status"]);
    expect(await probe.output("beta/0", "config-get size")).toBe("5\n");
    await juju.configure("beta", { size: undefined });
    await juju.settle();
    expect(await probe.output("beta/0", "config-get size")).toBe("");
  });
});
