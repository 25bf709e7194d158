import { describe, expect, test } from "vitest";
import { actionRelation } from "../../provider/coordination/peer-records.ts";
import type { JobPlace, SeenRelations } from "../../provider/coordination/requests-seen.ts";
import { asking, backup, relation, restore, seeing } from "./coordination-views.ts";

const place: JobPlace = { relation, application: "manager", job: "job" };
const problems = [{ field: "jobs[0]", message: "m", remedy: "r" }];
const rejected = [
  {
    id: "bad",
    type: "backup" as const,
    storage: { bucket: "b" },
    failure: { code: "request-invalid", message: "m", remedy: "r" },
  },
];

describe("the requests of a dispatch", () => {
  test("are those of all relations, in the order of their databags, by relation and id", () => {
    const other = "database-backup:2";
    const seen = seeing([
      asking([backup("a"), restore("b")], { rejected }),
      asking([backup("a", { backupType: "incremental" })], { relation: other, application: "other" }),
    ]);
    expect(
      [...seen.all].map((each) => [each.relation, each.application, (each.request ?? each.rejected)?.id]),
    ).toEqual([
      [relation, "manager", "a"],
      [relation, "manager", "b"],
      [relation, "manager", "bad"],
      [other, "other", "a"],
    ]);
    expect(seen.find(other, "a")?.request).toMatchObject({ backupType: "incremental" });
    expect(seen.find(relation, "bad")).toMatchObject({ rejected: { id: "bad" } });
    expect(seen.find(other, "b")).toBeUndefined();
  });
});

describe("a request is gone", () => {
  const seen: Partial<SeenRelations> = { expected: new Set(["manager"]) };
  const newer = asking([], { relation: "database-backup:9" });
  const older = asking([], { relation: "database-backup:0" });
  const stranger = asking([], { relation: "database-backup:9", application: "other" });

  test.each<[string, ReturnType<typeof seeing>, boolean]>([
    ["where its databag was read without it", seeing([asking([backup("other")])]), true],
    ["where Juju neither lists nor expects its relation", seeing([]), true],
    ["where its application is related anew, under a higher number", seeing([newer], seen), true],
    ["not while it stands", seeing([asking([backup()])]), false],
    [
      "not while it stands and cannot be accepted",
      seeing([asking([], { rejected: [{ ...rejected[0]!, id: "job" }] })]),
      false,
    ],
    ["not where its databag could not be read in full", seeing([asking([], { problems })]), false],
    ["not where its relation is expected, and this unit has not met it", seeing([], seen), false],
    ["not where its relation is being broken", seeing([], { broken: relation }), false],
    ["not because an older relation of its application is listed", seeing([older], seen), false],
    ["not because another application's relation is listed", seeing([stranger], seen), false],
  ])("%s", (_, requests, isGone) => {
    expect(requests.isGone(place)).toBe(isGone);
  });
});

describe("a request of an action is gone", () => {
  const mine: JobPlace = { relation: actionRelation, application: "db/1", job: "job" };
  const group = asking([backup()], { relation: actionRelation, application: "db/1" });
  const read = new Set(["db/0", "db/1"]);

  test.each<[string, ReturnType<typeof seeing>, boolean]>([
    ["where its unit's databag was read without it", seeing([], { askers: { read, expected: read } }), true],
    [
      "where Juju neither lists nor expects its unit",
      seeing([], { askers: { read: new Set(["db/0"]), expected: new Set(["db/0"]) } }),
      true,
    ],
    ["not while it is asked for", seeing([group], { askers: { read, expected: read } }), false],
    [
      "not where its unit is expected, and its databag was not read",
      seeing([], { askers: { read: new Set(["db/0"]), expected: read } }),
      false,
    ],
  ])("%s", (_, requests, isGone) => {
    expect(requests.isGone(mine)).toBe(isGone);
  });
});
