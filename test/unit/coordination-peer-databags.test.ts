import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { PeerDatabagError } from "../../lib/errors.ts";
import { endPhases, phasesAtWork } from "../../lib/job/phase.ts";
import { backupTypes } from "../../lib/job/request.ts";
import type { Databag } from "../../lib/juju/juju.ts";
import {
  decodeApplicationRecord,
  decodeUnitRecord,
  encodeApplicationRecord,
  encodeUnitRecord,
} from "../../provider/coordination/peer-databags.ts";
import {
  emptyApplication,
  jobKey,
  type ApplicationRecord,
  type Outcome,
  type UnitRecord,
} from "../../provider/coordination/peer-records.ts";
import { applicationOf, backup, doneOf, endOf, grantOf, recordOf, releaseOf } from "./coordination-views.ts";
import { mutated, report, text } from "./wire-arbitraries.ts";

/** A job id may be any text: with blanks, slashes, line ends, of any script, of any length. */
const jobId = fc.oneof(text, fc.string({ unit: "binary", minLength: 1, maxLength: 300 }));
const relation = fc.nat(999).map((id) => `database-backup:${id}`);
const unit = fc.nat(99).map((number) => `db-9/${number}`);
const hex = fc.stringMatching(/^[0-9a-f]{12}$/);
const jobType = fc.constantFrom("backup" as const, "restore" as const);

const end = fc
  .tuple(report, fc.constantFrom(...endPhases), jobId)
  .map(([{ storage: _storage, compression: _compression, ...known }, phase, id]) => ({
    ...known,
    id,
    phase,
  }));
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom("declined" as const, "withdrawn" as const),
  end,
);

const asked = fc.oneof(
  fc.record({
    id: jobId,
    type: fc.constant("backup" as const),
    backupType: fc.constantFrom(...backupTypes),
    compression: fc.boolean(),
  }),
  fc.record(
    {
      id: jobId,
      type: fc.constant("restore" as const),
      artefactPath: text,
      restoreToTime: text,
      compression: fc.boolean(),
    },
    { requiredKeys: ["id", "type", "artefactPath", "compression"] },
  ),
);

const unitRecord: fc.Arbitrary<UnitRecord> = fc.record(
  {
    incarnation: text,
    standing: fc.record(
      {
        ready: fc.boolean(),
        role: fc.constantFrom("primary" as const, "replica" as const),
        reason: fc.string(),
        problem: fc.string(),
        claim: text,
      },
      { requiredKeys: ["ready"] },
    ),
    left: fc.boolean(),
    released: fc.record({ fence: fc.nat(), relation, job: jobId, by: text, outcome }),
    asked: fc.array(asked, { maxLength: 3 }),
  },
  { requiredKeys: ["incarnation", "standing", "left", "asked"] },
);

const ticket = fc.record({ n: fc.nat(), relation, application: text, job: jobId });
const grant = fc.record({
  unit,
  fence: fc.nat(),
  relation,
  application: text,
  job: jobId,
  type: jobType,
  incarnation: text,
  digest: hex,
  claim: text,
});
const done = fc.record({
  n: fc.nat(),
  relation,
  application: text,
  fence: fc.nat(),
  by: fc.record({ unit, incarnation: text }),
  report: end,
});

const applicationRecord: fc.Arbitrary<ApplicationRecord> = fc
  .record({
    lineage: hex,
    fence: fc.nat(),
    tickets: fc.array(ticket, { maxLength: 4 }),
    grants: fc.array(grant, { maxLength: 4 }),
    done: fc.array(done, { maxLength: 4 }),
  })
  .map(({ lineage, fence, tickets, grants, done: records }) => ({
    lineage,
    fence,
    tickets: new Map(tickets.map((one) => [jobKey(one.relation, one.job), one])),
    grants: new Map(grants.map((one) => [one.unit, { ...one, lineage }])),
    done: new Map(records.map((one) => [jobKey(one.relation, one.report.id), one])),
  }));

function asDatabag(changes: Readonly<Record<string, string>>): Databag {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== ""));
}

const everything = applicationOf({
  grants: [grantOf(backup("a b/c\n"))],
  done: [doneOf("old", 3)],
});
const full: ApplicationRecord = {
  ...everything,
  tickets: new Map([
    [
      jobKey("database-backup:1", "a b/c\n"),
      { n: 4, relation: "database-backup:1", application: "manager", job: "a b/c\n" },
    ],
  ]),
};
const speaking = recordOf("db/0", {
  released: releaseOf(grantOf(backup()), endOf("job")),
  asked: [{ id: "mine", type: "backup", backupType: "full", compression: true }],
});

describe("a unit's databag", () => {
  property.prop([unitRecord])("is read as it was written", (record) => {
    expect(decodeUnitRecord(asDatabag(encodeUnitRecord(record)), "db/0")).toEqual(record);
  });

  test("that the unit has not written yet says nothing", () => {
    expect(decodeUnitRecord({}, "db/0")).toBeUndefined();
    expect(
      decodeUnitRecord({ "ingress-address": "10.0.0.1", "private-address": "10.0.0.1" }, "db/0"),
    ).toBeUndefined();
  });

  property.prop([mutated(JSON.parse(encodeUnitRecord(speaking)["unit"] ?? ""))])(
    "that somebody changed is refused, or read as something that can be written again",
    (value) => {
      const databag = { unit: JSON.stringify(value) };
      let read: UnitRecord | undefined;
      try {
        read = decodeUnitRecord(databag, "db/0");
      } catch (error) {
        if (!(error instanceof PeerDatabagError)) throw error;
        return;
      }
      expect(read).toBeDefined();
      expect(read && decodeUnitRecord(asDatabag(encodeUnitRecord(read)), "db/0")).toEqual(read);
    },
  );

  test.each<[string, unknown]>([
    ["no JSON", undefined],
    ["no object", []],
    ["null", null],
    ["no incarnation", { incarnation: undefined }],
    ["an empty incarnation", { incarnation: "" }],
    ["no standing", { standing: undefined }],
    ["a standing that is neither", { standing: { ready: "yes" } }],
    ["a role of a later version", { standing: { ready: true, role: "witness" } }],
    ["a left that is neither", { left: 1 }],
    ["a fence of a later version", { released: { ...speaking.released, fence: "5" } }],
    ["a negative fence", { released: { ...speaking.released, fence: -1 } }],
    ["a fence that is no whole number", { released: { ...speaking.released, fence: 1.5 } }],
    ["an outcome of a later version", { released: { ...speaking.released, outcome: "postponed" } }],
    [
      "an end of a later version",
      { released: { ...speaking.released, outcome: { id: "a", type: "backup", phase: "paused" } } },
    ],
    [
      "an end that is none",
      { released: { ...speaking.released, outcome: { id: "a", type: "backup", phase: phasesAtWork[0] } } },
    ],
    [
      "an end of a job type of a later version",
      { released: { ...speaking.released, outcome: { id: "a", type: "verify", phase: "failed" } } },
    ],
    ["asked jobs that are no list", { asked: {} }],
    ["an asked job without an id", { asked: [{ type: "backup" }] }],
    ["an asked job of a later version", { asked: [{ id: "a", type: "verify" }] }],
  ])("with %s cannot be read, and the error names the unit and says what to do", (_, changes) => {
    const isPart = typeof changes === "object" && changes !== null && !Array.isArray(changes);
    const value =
      changes === undefined ? "{" : JSON.stringify(isPart ? { ...speaking, ...changes } : changes);
    expect(() => decodeUnitRecord({ unit: value }, "db/7")).toThrow(
      expect.objectContaining({
        code: "peer-databag-unreadable",
        message: expect.stringContaining("db/7") as unknown,
        remedy: expect.stringContaining("one version of the charm") as unknown,
      }),
    );
  });
});

describe("the application's databag", () => {
  property.prop([applicationRecord])("is read as it was written, whatever the job ids are", (record) => {
    const databag = encodeApplicationRecord(record);
    expect(decodeApplicationRecord(databag)).toEqual(record);
    for (const key of Object.keys(databag)) expect(key).toMatch(/^[a-z0-9-]+$/);
  });

  test("in which nothing was written is one of no life", () => {
    expect(decodeApplicationRecord({})).toEqual(emptyApplication);
    expect(encodeApplicationRecord(emptyApplication)).toEqual({});
  });

  test("has keys that stay the same from version to version", () => {
    const before = backup("before");
    const { grants } = applicationOf({ grants: [grantOf(before)] });
    expect(Object.keys(encodeApplicationRecord({ ...full, grants }))).toEqual([
      "lineage",
      "fence",
      "ticket-1-12a98d85191b6ae51e96a776138b0f86",
      "grant-db-0",
      "done-1-cba06b5736faf67e54b07b561eae9439",
    ]);
  });

  test("may have keys of other kinds, which say nothing", () => {
    const databag = { ...encodeApplicationRecord(full), "retention-1": "{", "egress-subnets": "10.0.0.1/32" };
    expect(decodeApplicationRecord(databag)).toEqual(full);
  });

  const [ticketKey = "", grantKey = "", doneKey = ""] = ["ticket-", "grant-", "done-"].map((kind) =>
    Object.keys(encodeApplicationRecord(full)).find((key) => key.startsWith(kind)),
  );

  property.prop([
    fc
      .constantFrom(ticketKey, grantKey, doneKey, "fence")
      .chain((key) =>
        mutated(JSON.parse(encodeApplicationRecord(full)[key] ?? "")).map((value) => ({ key, value })),
      ),
  ])("that somebody changed is refused, or read as something that can be written again", ({ key, value }) => {
    let read: ApplicationRecord;
    try {
      read = decodeApplicationRecord({ ...encodeApplicationRecord(full), [key]: JSON.stringify(value) });
    } catch (error) {
      if (!(error instanceof PeerDatabagError)) throw error;
      return;
    }
    expect(decodeApplicationRecord(encodeApplicationRecord(read))).toEqual(read);
  });

  test.each<[string, string, Record<string, unknown> | string]>([
    ["a ticket that is no JSON", ticketKey, "{"],
    ["a ticket without a number", ticketKey, { n: "4" }],
    ["a grant that is no object", grantKey, "[]"],
    ["a grant without a fence", grantKey, { fence: undefined }],
    ["a grant of a job type of a later version", grantKey, { type: "verify" }],
    ["a grant for another unit than its key says", grantKey, { unit: "db/1" }],
    ["a grant of another life of the application", grantKey, { lineage: "other" }],
    ["a grant whose claim is no text", grantKey, { claim: true }],
    ["a done record without who says so", doneKey, { by: undefined }],
    ["a done record that is no end", doneKey, { report: "declined" }],
    [
      "a done record of an end of a later version",
      doneKey,
      { report: { id: "old", type: "backup", phase: "paused" } },
    ],
    ["a fence that is none", "fence", "five"],
    ["a fence that goes below nothing", "fence", "-1"],
    ["a fence beyond all numbers", "fence", "9007199254740993"],
    ["a lineage that is no name for a file", "lineage", "../../etc"],
  ])("with %s cannot be read, and the error names the key and says what to do", (_, key, changes) => {
    const databag = encodeApplicationRecord(full);
    const value =
      typeof changes === "string"
        ? changes
        : JSON.stringify({ ...(JSON.parse(databag[key] ?? "") as Record<string, unknown>), ...changes });
    expect(() => decodeApplicationRecord({ ...databag, [key]: value })).toThrow(
      expect.objectContaining({
        code: "peer-databag-unreadable",
        message: expect.stringContaining(key) as unknown,
        remedy: expect.stringContaining("one version of the charm") as unknown,
      }),
    );
  });

  test("without a lineage has nothing else either", () => {
    const { lineage: _, ...rest } = encodeApplicationRecord(full);
    expect(() => decodeApplicationRecord(rest)).toThrow(PeerDatabagError);
  });
});
