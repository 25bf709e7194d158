import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { currentEvent, type JujuEvent } from "../../lib/juju/event.ts";

/** What Juju sets in every dispatch, whatever it is about. */
const always = {
  JUJU_UNIT_NAME: "postgresql/0",
  JUJU_MODEL_UUID: "7c0a",
  JUJU_VERSION: "3.6.9",
  JUJU_HOOK_NAME: "",
};

function eventOf(environment: NodeJS.ProcessEnv): JujuEvent {
  return currentEvent({ ...always, ...environment });
}

function hookNamed(name: string, more: NodeJS.ProcessEnv = {}): JujuEvent {
  return eventOf({ JUJU_HOOK_NAME: name, JUJU_DISPATCH_PATH: `hooks/${name}`, ...more });
}

describe("a hook that belongs to no relation", () => {
  test.each([
    "install",
    "config-changed",
    "leader-elected",
    "start",
    "update-status",
    "upgrade-charm",
    "stop",
    "remove",
    "secret-changed",
    "data-storage-attached",
    "postgresql-pebble-ready",
  ])("%s is known by its name", (name) => {
    expect(hookNamed(name)).toEqual({ kind: "hook", name });
  });

  test("of a secret says which, and which content of it", () => {
    const uri = "secret:d4f2k8vmp25c7612lk10";
    const about = { JUJU_SECRET_ID: uri, JUJU_SECRET_REVISION: "2" };
    expect(hookNamed("secret-remove", about)).toEqual({
      kind: "hook",
      name: "secret-remove",
      secret: { uri, revision: 2 },
    });
    expect(hookNamed("secret-changed", { JUJU_SECRET_ID: uri })).toMatchObject({ secret: { uri } });
  });

  test("is not taken for a relation's, whatever it is called", () => {
    expect(hookNamed("odd-relation-changed")).toEqual({ kind: "hook", name: "odd-relation-changed" });
    expect(hookNamed("odd-relation-changed", { JUJU_RELATION_ID: "" })).toEqual({
      kind: "hook",
      name: "odd-relation-changed",
    });
  });

  test("is not taken for a relation's because the variables of one are there", () => {
    expect(hookNamed("config-changed", { JUJU_RELATION_ID: "database-backup:3" })).toEqual({
      kind: "hook",
      name: "config-changed",
    });
  });
});

describe("a relation's hook", () => {
  const relation = {
    JUJU_RELATION: "database-backup",
    JUJU_RELATION_ID: "database-backup:3",
    JUJU_REMOTE_APP: "manager",
  };
  const base = {
    kind: "relation",
    endpoint: "database-backup",
    relationId: "database-backup:3",
    remoteApplication: "manager",
  };

  test.each([
    ["created", { JUJU_REMOTE_UNIT: "" }, {}],
    ["joined", { JUJU_REMOTE_UNIT: "manager/0" }, { remoteUnit: "manager/0" }],
    ["changed", { JUJU_REMOTE_UNIT: "manager/0" }, { remoteUnit: "manager/0" }],
    ["changed", { JUJU_REMOTE_UNIT: "" }, {}],
    [
      "departed",
      { JUJU_REMOTE_UNIT: "manager/0", JUJU_DEPARTING_UNIT: "postgresql/0" },
      { remoteUnit: "manager/0", departingUnit: "postgresql/0" },
    ],
    ["broken", { JUJU_REMOTE_UNIT: "" }, {}],
  ])("%s with %o", (change, variables, fields) => {
    expect(hookNamed(`database-backup-relation-${change}`, { ...relation, ...variables })).toStrictEqual({
      ...base,
      change,
      ...fields,
    });
  });

  test("leaves out what Juju does not say", () => {
    const event = hookNamed("peers-relation-created", { JUJU_RELATION_ID: "peers:0" });
    expect(event).toStrictEqual({
      kind: "relation",
      change: "created",
      endpoint: "peers",
      relationId: "peers:0",
    });
  });

  test.each(["a-relation-b", "my-relation-changed", "x-relation-created-relation-broken", "relation"])(
    "of the endpoint %s keeps the endpoint's name whole",
    (endpoint) => {
      expect(hookNamed(`${endpoint}-relation-joined`, { JUJU_RELATION_ID: `${endpoint}:1` })).toMatchObject({
        kind: "relation",
        change: "joined",
        endpoint,
      });
    },
  );

  property.prop([
    fc.array(fc.constantFrom("relation", "changed", "broken", "db", "2"), { minLength: 1, maxLength: 5 }),
    fc.constantFrom("created", "joined", "changed", "departed", "broken"),
  ])("of any endpoint is read", (words, change) => {
    const endpoint = words.join("-");
    expect(hookNamed(`${endpoint}-relation-${change}`, { JUJU_RELATION_ID: `${endpoint}:12` })).toMatchObject(
      {
        change,
        endpoint,
        relationId: `${endpoint}:12`,
      },
    );
  });
});

describe("an action", () => {
  test("is known by its name", () => {
    const event = eventOf({
      JUJU_ACTION_NAME: "create-backup",
      JUJU_ACTION_UUID: "2",
      JUJU_ACTION_TAG: "action-2",
      JUJU_DISPATCH_PATH: "actions/create-backup",
    });
    expect(event).toEqual({ kind: "action", name: "create-backup" });
  });

  test("may be called like a hook", () => {
    expect(eventOf({ JUJU_ACTION_NAME: "a-relation-changed", JUJU_RELATION_ID: "a:1" })).toEqual({
      kind: "action",
      name: "a-relation-changed",
    });
  });
});

describe("an event of the charm's own", () => {
  test("is named by the path that its sender set", () => {
    expect(eventOf({ JUJU_DISPATCH_PATH: "hooks/database-backup-worker" })).toEqual({
      kind: "custom",
      name: "database-backup-worker",
    });
  });

  test("stays one where an older Juju sets no hook name, or an empty action name", () => {
    const name = "database-backup-worker";
    const path = { JUJU_DISPATCH_PATH: `hooks/${name}` };
    expect(currentEvent(path)).toEqual({ kind: "custom", name });
    expect(eventOf({ ...path, JUJU_ACTION_NAME: "" })).toEqual({ kind: "custom", name });
  });

  test("may have any path, or none", () => {
    expect(eventOf({ JUJU_DISPATCH_PATH: "poke" })).toEqual({ kind: "custom", name: "poke" });
    expect(eventOf({})).toEqual({ kind: "custom", name: "" });
  });
});
