import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { CharmMetadata } from "../../lib/testing/model/charm-metadata.ts";
import { CommitRefused } from "../../lib/testing/model/commit-refused.ts";
import { checkConfig } from "../../lib/testing/model/declared-values.ts";
import { Model } from "../../lib/testing/model/model.ts";
import type { SecretChanges } from "../../lib/testing/model/secret-changes.ts";
import { secretReports } from "../../lib/testing/model/secret-report.ts";
import { nextRotation } from "../../lib/testing/model/secret-rotation.ts";
import { Secret } from "../../lib/testing/model/secret.ts";
import { Secrets } from "../../lib/testing/model/secrets.ts";

const start = new Date("2026-01-31T12:00:00Z");
const charm: CharmMetadata = {
  name: "charm",
  directory: "/nowhere",
  endpoints: new Map([["peers", { name: "peers", interface: "peers", role: "peer" }]]),
  actions: new Map(),
  config: new Map([["token", { name: "token", type: "secret" }]]),
};

function emptySecrets(): Secrets {
  return new Secrets({ modelUuid: "0f-model", now: () => start, onChange: () => undefined });
}

const units = ["owner/0", "owner/1", "reader/0", "reader/1", "other/0"] as const;
const subject = fc.constantFrom("reader", "reader/0", "reader/1", "other");

describe("ids", () => {
  test("have 20 characters and never repeat", () => {
    const secrets = emptySecrets();
    const ids = Array.from({ length: 1_100 }, () => secrets.reserveId());
    expect(ids.filter((id) => !/^[0-9a-z]{20}$/u.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("tracked revisions", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("update" as const), value: fc.nat(9) }),
    fc.record({
      kind: fc.constant("read" as const),
      unit: fc.constantFrom(...units),
      how: fc.constantFrom("", "refresh", "peek"),
    }),
  );

  property.prop([fc.array(step, { maxLength: 40 })])(
    "stand still until a refresh, and are never among the unused ones",
    (steps) => {
      const secret = new Secret("id", "owner");
      secret.addRevision({ key: "first" }, undefined);
      const expected = new Map<string, number>();
      for (const each of steps) {
        if (each.kind === "update") {
          secret.addRevision({ key: String(each.value) }, undefined);
          continue;
        }
        const { unit, how } = each;
        if (how === "refresh" || !expected.has(unit)) expected.set(unit, secret.latest);
        const got = secret.track(unit, { refresh: how === "refresh", peek: how === "peek" });
        expect(got).toBe(how === "peek" ? secret.latest : expected.get(unit));
      }
      const tracked = new Set([...secret.consumers.values()].map((consumer) => consumer.tracked));
      expect(new Map([...secret.consumers].map(([unit, consumer]) => [unit, consumer.tracked]))).toEqual(
        expected,
      );
      const all = [...secret.revisions.keys()];
      const unused = all.filter((number) => number !== secret.latest && !tracked.has(number));
      expect(secret.unusedRevisions()).toEqual(unused);
    },
  );
});

describe("grants", () => {
  const step = fc.record({ subject, relationId: fc.nat(2), revoke: fc.boolean() });

  property.prop([fc.array(step, { maxLength: 12 }), fc.nat(2)])(
    "let read whom they name, and end with their relation",
    (steps, removed) => {
      const secrets = emptySecrets();
      secrets.create("id", "owner", { content: { key: "dmFsdWU=" } });
      const secret = secrets.find("id");
      const expected = new Map<string, number>();
      if (secret === undefined) throw new Error("It was not created.");
      for (const { subject: whom, relationId, revoke } of steps) {
        if (revoke) secrets.revoke(secret, whom);
        else secrets.grant(secret, whom, { relationId, relationKey: `relation ${relationId}` });
        if (revoke) expected.delete(whom);
        else expected.set(whom, relationId);
      }
      secrets.forgetRelation(removed);
      const may = (unit: string): boolean =>
        unit.startsWith("owner/") ||
        [unit, unit.slice(0, -2)].some((name) => (expected.get(name) ?? removed) !== removed);
      expect(units.filter((unit) => secret.canBeReadBy(unit))).toEqual(units.filter(may));
    },
  );

  test("are for one relation only", () => {
    const model = modelOf("3.6.11");
    commit(model, { creations: [{ id: "one", owner: "app", settings: { content: { key: "" } } }] });
    commit(model, { grants: [{ id: "one", relationId: 0, subject: "other" }] });
    expect(() => commit(model, { grants: [{ id: "one", relationId: 1, subject: "other" }] })).toThrow(
      'granting secrets access: cannot change access to "secret:one" for "application-other": cannot change secret permission scope',
    );
  });
});

describe("labels", () => {
  test("are shared by an application and each of its units, but not by two units", () => {
    const secrets = emptySecrets();
    const content = { key: "dmFsdWU=" };
    secrets.create("a", "app/0", { content, label: "unit" });
    secrets.create("b", "app", { content, label: "application" });
    const taken = (user: string, label: string): boolean => secrets.isLabelTaken(user, label, undefined);
    expect([taken("app", "unit"), taken("app/0", "unit"), taken("app/1", "unit")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([taken("app/1", "application"), taken("other/0", "application")]).toEqual([true, false]);
  });
});

function modelOf(version: string): Model {
  const model = new Model({ name: "m", uuid: "u", version, now: () => start, onChange: () => undefined });
  for (const name of ["app", "other"]) {
    model.addApplication(name, charm, {});
    model.addUnit(name);
  }
  return model;
}

const nothing: SecretChanges = {
  removals: [],
  creations: [],
  updates: [],
  refreshed: [],
  grants: [],
  revokes: [],
};

function commit(model: Model, secrets: Partial<SecretChanges>, state?: Record<string, string>): void {
  model.commit("app/0", { databags: [], state, secrets: { ...nothing, ...secrets } });
}

describe("a refused commit", () => {
  const good = { id: "good", owner: "app/0", settings: { content: { key: "YQ==" }, label: "taken" } };
  const bad = { id: "bad", owner: "app", settings: { content: { key: "YQ==" }, label: "taken" } };
  const creations = [good, bad];

  test("leaves what came before it up to Juju 3.6, and nothing from Juju 4 on", () => {
    for (const [version, left] of [
      ["3.6.11", ["secret:good"]],
      ["4.0.1", []],
    ] as const) {
      const model = modelOf(version);
      expect(() => commit(model, { creations }, { key: "state" })).toThrow(CommitRefused);
      expect(secretReports(model.secrets).map(({ id }) => id)).toEqual(left);
      expect(model.unit("app/0").state).toEqual({});
    }
  });

  test("goes back to the very state before, in Juju 4", () => {
    const model = modelOf("4.0.1");
    commit(model, { creations: [good], grants: [{ id: "good", relationId: 0, subject: "other" }] });
    const before = secretReports(model.secrets);
    const updates = [
      { id: "good", settings: { content: { key: "Yg==" }, description: "new" } },
      { id: "none", settings: { description: "new" } },
    ];
    expect(() => commit(model, { updates, refreshed: ["good"] })).toThrow(
      'updating secrets: secret "secret:none" not found',
    );
    expect(secretReports(model.secrets)).toEqual(before);
  });
});

describe("rotation", () => {
  test.for([
    ["never", undefined],
    ["hourly", "2026-01-31T13:00:00Z"],
    ["daily", "2026-02-01T12:00:00Z"],
    ["weekly", "2026-02-07T12:00:00Z"],
    // As Go counts: the 31st of February is the 3rd of March.
    ["monthly", "2026-03-03T12:00:00Z"],
    ["quarterly", "2026-05-01T12:00:00Z"],
    ["yearly", "2027-01-31T12:00:00Z"],
  ] as const)("%s", ([policy, due]) => {
    expect(nextRotation(policy, start)).toEqual(due === undefined ? undefined : new Date(due));
  });

  test("is not caught up with when the clock was put forward", () => {
    let now = start;
    const secrets = new Secrets({ modelUuid: "u", now: () => now, onChange: () => undefined });
    secrets.create("id", "app", { content: { key: "" }, rotation: "hourly" });
    now = new Date("2027-01-01T00:00:00Z");
    secrets.rotated("id", 1);
    expect(secrets.find("id")?.nextRotation).toEqual(new Date("2027-01-01T00:05:00Z"));
    secrets.rotated("id", 0);
    expect(secrets.find("id")?.nextRotation).toEqual(new Date("2027-01-01T01:05:00Z"));
  });
});

describe("an option of type secret", () => {
  test("looks like the id of a secret", () => {
    checkConfig(charm, { token: "secret:9m4e2mr0ui3e8a215n4g" });
    for (const token of ["9m4e2mr0ui3e8a215n4g", "secret:short", 1]) {
      expect(() => checkConfig(charm, { token })).toThrow('"token" of charm "charm" must be of type secret');
    }
  });
});
