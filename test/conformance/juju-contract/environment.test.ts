import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { startForTest, ways } from "./ways.ts";

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
const everyRelation = ["JUJU_RELATION", "JUJU_RELATION_ID", "JUJU_REMOTE_APP", "JUJU_REMOTE_UNIT"];

describe.each(ways)("$name", (way) => {
  let probe: Probe;
  let backend: number;

  beforeAll(async () => {
    probe = await way.start();
    await probe.deploy("alpha");
    await probe.deploy("beta", { units: 2 });
    backend = await probe.juju.integrate("alpha:backend", "beta:frontend");
    await probe.juju.settle();
  });
  afterAll(async () => stopAndCheckForLeaks(probe.juju));

  /** The environment of the hook that `fire` causes. */
  async function environmentOf(
    hook: string,
    fire: () => Promise<unknown>,
  ): Promise<Readonly<Record<string, string>>> {
    await probe.inHook("alpha/0", hook, fire, []);
    return (await probe.trace("alpha/0", hook)).environment;
  }

  function expectNames(environment: object, ...more: readonly string[]): void {
    expect(Object.keys(environment).toSorted()).toEqual([...everyRun, ...more].toSorted());
  }

  test("[environment/every-run] every run has Juju's variables and no others", async () => {
    const environment = await environmentOf("update-status", () => probe.juju.updateStatus("alpha/0"));
    expectNames(environment, "JUJU_DISPATCH_PATH");
    expect(environment).toMatchObject({
      JUJU_AGENT_SOCKET_NETWORK: "unix",
      JUJU_CHARM_DIR: environment["CHARM_DIR"],
      JUJU_DISPATCH_PATH: "hooks/update-status",
      JUJU_HOOK_NAME: "update-status",
      JUJU_MACHINE_ID: "0",
      JUJU_MODEL_NAME: "demo",
      JUJU_MODEL_UUID: probe.juju.modelUuid,
      JUJU_PRINCIPAL_UNIT: "",
      JUJU_UNIT_NAME: "alpha/0",
      JUJU_VERSION: "3.6.11",
      LANG: "C.UTF-8",
    });
    expect(environment["CHARM_DIR"]).toMatch(/\/agents\/unit-alpha-0\/charm$/u);
  });

  test("[environment/context-id] the id of the context names unit and hook, and is new each time", async () => {
    const update = (): Promise<void> => probe.juju.updateStatus("alpha/0");
    const { JUJU_CONTEXT_ID: first } = await environmentOf("update-status", update);
    const { JUJU_CONTEXT_ID: second } = await environmentOf("update-status", update);
    expect(first).toMatch(/^alpha\/0-update-status-[0-9a-f]{32}$/u);
    expect(second).toMatch(/^alpha\/0-update-status-[0-9a-f]{32}$/u);
    expect(second).not.toBe(first);
  });

  test("[environment/version] the version is that of the model", async () => {
    const four = await startForTest(way, { version: "4.0.1", modelName: "other" });
    await four.deploy("alpha");
    await four.juju.settle();
    await four.run("alpha/0");
    const { environment } = await four.trace("alpha/0", "update-status");
    expect(environment).toMatchObject({ JUJU_VERSION: "4.0.1", JUJU_MODEL_NAME: "other" });
  });

  test("[environment/created-broken] created and broken hooks name the relation and an empty unit", async () => {
    await probe.deploy("gamma", { units: 0 });
    let relation = 0;
    const integrate = async (): Promise<void> => {
      relation = await probe.juju.integrate("alpha:backend", "gamma:frontend");
    };
    const remove = (): Promise<void> => probe.juju.removeRelation("alpha:backend", "gamma:frontend");
    for (const [event, fire] of [
      ["created", integrate],
      ["broken", remove],
    ] as const) {
      const hook = `backend-relation-${event}`;
      const environment = await environmentOf(hook, fire);
      expectNames(environment, "JUJU_DISPATCH_PATH", ...everyRelation);
      expect(environment).toMatchObject({
        JUJU_DISPATCH_PATH: `hooks/${hook}`,
        JUJU_HOOK_NAME: hook,
        JUJU_RELATION: "backend",
        JUJU_RELATION_ID: `backend:${relation}`,
        JUJU_REMOTE_APP: "gamma",
        JUJU_REMOTE_UNIT: "",
      });
    }
  });

  test("[environment/unit] joined and changed hooks about a unit name it", async () => {
    let unit = "";
    const add = async (): Promise<void> => {
      unit = await probe.juju.addUnit("beta");
    };
    const joined = await environmentOf("backend-relation-joined", add);
    expectNames(joined, "JUJU_DISPATCH_PATH", ...everyRelation);
    expect(joined).toMatchObject({ JUJU_REMOTE_APP: "beta", JUJU_REMOTE_UNIT: unit });
    const write = (): Promise<void> => probe.juju.writeDatabag(backend, "beta/0", { written: "1" });
    const changed = await environmentOf("backend-relation-changed", write);
    expectNames(changed, "JUJU_DISPATCH_PATH", ...everyRelation);
    expect(changed).toMatchObject({ JUJU_REMOTE_APP: "beta", JUJU_REMOTE_UNIT: "beta/0" });
  });

  test("[environment/application] a changed hook about an application has an empty unit", async () => {
    const write = (): Promise<void> => probe.juju.writeDatabag(backend, "beta", { written: "1" });
    const changed = await environmentOf("backend-relation-changed", write);
    expectNames(changed, "JUJU_DISPATCH_PATH", ...everyRelation);
    expect(changed).toMatchObject({ JUJU_REMOTE_APP: "beta", JUJU_REMOTE_UNIT: "" });
  });

  test("[environment/departing] a departed hook names the unit that goes", async () => {
    const unit = await probe.juju.addUnit("beta");
    await probe.juju.settle();
    const departed = await environmentOf("backend-relation-departed", () => probe.juju.removeUnit(unit));
    expectNames(departed, "JUJU_DISPATCH_PATH", "JUJU_DEPARTING_UNIT", ...everyRelation);
    expect(departed).toMatchObject({ JUJU_REMOTE_UNIT: unit, JUJU_DEPARTING_UNIT: unit });
  });

  test("[environment/departing-self] on a unit that goes itself, that is its own name", async () => {
    const unit = await probe.juju.addUnit("alpha");
    await probe.juju.settle();
    await probe.on(unit, "backend-relation-departed");
    await probe.juju.removeUnit(unit);
    await probe.juju.settle();
    const { environment } = await probe.trace(unit, "backend-relation-departed");
    expect(environment).toMatchObject({ JUJU_REMOTE_APP: "beta", JUJU_DEPARTING_UNIT: unit });
    expect(environment["JUJU_REMOTE_UNIT"]).toMatch(/^beta\//u);
  });

  test("[environment/action] an action has its name, no hook and no relation", async () => {
    const environment = await environmentOf("probe", () => probe.juju.runAction("alpha/0", "probe"));
    expectNames(environment, "JUJU_ACTION_NAME", "JUJU_ACTION_TAG", "JUJU_ACTION_UUID", "JUJU_DISPATCH_PATH");
    expect(environment).toMatchObject({
      JUJU_ACTION_NAME: "probe",
      JUJU_ACTION_TAG: expect.stringMatching(/^action-\d+$/u),
      JUJU_ACTION_UUID: expect.stringMatching(/^[0-9a-f-]{36}$/u),
      JUJU_DISPATCH_PATH: "actions/probe",
      JUJU_HOOK_NAME: "",
    });
  });

  test("[environment/command] a command of juju-exec has no hook; what it dispatches it names itself", async () => {
    const dispatch = (): Promise<unknown> => probe.dispatch("alpha/0", "my-event");
    const environment = await environmentOf("my-event", dispatch);
    expectNames(environment, "JUJU_DISPATCH_PATH");
    expect(environment).toMatchObject({ JUJU_HOOK_NAME: "", JUJU_DISPATCH_PATH: "hooks/my-event" });
    expect(environment["JUJU_CONTEXT_ID"]).toMatch(/^alpha\/0-run-commands-[0-9a-f]{32}$/u);
  });

  test("[environment/command-relation] with a relation it has the relation's variables too", async () => {
    const about = { relation: `backend:${backend}`, remoteUnit: "beta/0" };
    const dispatch = (): Promise<unknown> => probe.dispatch("alpha/0", "my-event", about);
    const environment = await environmentOf("my-event", dispatch);
    expectNames(environment, "JUJU_DISPATCH_PATH", ...everyRelation);
    expect(environment).toMatchObject({
      JUJU_HOOK_NAME: "",
      JUJU_RELATION_ID: `backend:${backend}`,
      JUJU_REMOTE_UNIT: "beta/0",
    });
  });
});
