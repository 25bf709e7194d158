import { describe, expect, test } from "vitest";
import type { RestoreRequest } from "../../lib/job/request.ts";
import { requestDigest } from "../../provider/coordination/digest.ts";
import {
  decideLeader,
  keptDoneRecords,
  type LeaderPlan,
  type LeaderView,
} from "../../provider/coordination/leader-step.ts";
import {
  actionRelation,
  emptyApplication,
  jobKey,
  type Grant,
  type UnitRecord,
} from "../../provider/coordination/peer-records.ts";
import {
  asked,
  grant,
  granted,
  grantsIn,
  key,
  records,
  request,
  waitsIn,
} from "./coordination-leader-plan.ts";
import {
  applicationOf,
  asking,
  backup,
  doneOf,
  endOf,
  grantOf,
  leaderView,
  place,
  recordOf,
  relation,
  releaseOf,
  restore,
  seeing,
} from "./coordination-views.ts";

describe("the jobs that wait", () => {
  test("are granted in the order of arrival, not in that of the databags", () => {
    const tickets = new Map([
      [jobKey(relation, "late"), { n: 2, relation, application: "manager", job: "late" }],
      [jobKey(relation, "early"), { n: 1, relation, application: "manager", job: "early" }],
    ]);
    const plan = asked(seeing([asking([backup("late"), backup("early")])]), {
      application: { ...applicationOf(), tickets },
    });
    expect(grantsIn(plan).map(([, job]) => job)).toEqual(["early"]);
    expect(waitsIn(plan)).toEqual({ late: "waits for the backup early on db/0" });
  });

  test("run side by side where the executor says so, one on each unit", () => {
    const jobs = ["a", "b", "c", "d"].map((id) => backup(id));
    const plan = asked(seeing([asking(jobs)]), { compatible: () => true });
    expect(grantsIn(plan)).toEqual([
      ["db/0", "a"],
      ["db/1", "b"],
      ["db/2", "c"],
    ]);
    expect([...plan.application.grants.values()].map(({ fence }) => fence)).toEqual([1, 2, 3]);
    expect(waitsIn(plan)["d"]).toBe("no unit can take it: db/0: has a job; db/1: has a job; db/2: has a job");
  });

  test.each([
    ["a restore after a backup", [backup("a"), restore("b"), backup("c")]],
    ["a backup after a restore", [restore("a"), backup("b"), backup("c")]],
  ])("wait one after the other: %s, and what is behind it", (_, jobs) => {
    const plan = asked(seeing([asking(jobs)]), { compatible: () => true });
    expect(grantsIn(plan).map(([, job]) => job)).toEqual(["a"]);
    expect(Object.keys(waitsIn(plan))).toEqual(["b", "c"]);
  });

  test("wait for a granted job whose request is gone, about which nobody can be asked", () => {
    const plan = decideLeader(
      granted({ requests: seeing([asking([backup("next")])]), compatible: () => true }),
    );
    expect(waitsIn(plan)).toEqual({ next: "waits for the backup job on db/1" });
  });

  test("wait for the leader to find out where fences are claimed", () => {
    const said = records(["db/0", { standing: { ready: true } }], ["db/1", {}]);
    const plan = asked(seeing([asking([request])]), { records: said });
    expect(grantsIn(plan)).toEqual([]);
    expect(waitsIn(plan)["job"]).toContain("db/0: has not found out yet whether the storage keeps fences");
    expect(waitsIn(plan)["job"]).toContain("db/1: knows another storage than the leader");
  });
});

describe("the unit that a job goes to", () => {
  const at = (role: "primary" | "replica"): Partial<UnitRecord> => ({
    standing: { ready: true, role, claim: place },
  });

  test.each([
    [backup(), "db/1"],
    [restore(), "db/0"],
  ])("is of the best role for $type", (asks, unit) => {
    const said = records(["db/0", at("primary")], ["db/1", at("replica")], ["db/2", at("replica")]);
    expect(grantsIn(asked(seeing([asking([asks])]), { records: said }))).toEqual([[unit, "job"]]);
  });

  test("is the primary where no replica can", () => {
    const busy: Partial<UnitRecord> = { standing: { ready: false, reason: "it starts", claim: place } };
    const said = records(["db/0", at("primary")], ["db/1", busy], ["db/2", { ...at("replica"), left: true }]);
    expect(grantsIn(asked(seeing([asking([request])]), { records: said }))).toEqual([["db/0", "job"]]);
  });

  test("may be of no role, where the cluster has none", () => {
    const said = records(["db/0", { standing: { ready: true, claim: place } }]);
    expect(grantsIn(asked(seeing([asking([restore()])]), { records: said }))).toEqual([["db/0", "job"]]);
  });

  test("is none that is not ready, leaves, is unknown, has the wrong role, or claims elsewhere, and each is told", () => {
    const said = records(
      ["db/0", at("replica")],
      ["db/1", { left: true }],
      ["db/2", { standing: { ready: false, reason: "it starts", claim: place } }],
      ["db/3", { standing: { ready: true, role: "primary", claim: "elsewhere" } }],
      ["db/4", { standing: { ready: false } }],
    );
    const listed = new Set(["db/1", "db/2", "db/3", "db/4", "db/5"]);
    const plan = asked(seeing([asking([restore()])]), { records: said, listed });
    expect(grantsIn(plan)).toEqual([]);
    expect(waitsIn(plan)["job"]).toBe(
      "no unit can take it: db/0: is a replica; db/1: is being removed; db/2: it starts; " +
        "db/3: knows another storage than the leader; db/4: is not ready; db/5: has said nothing yet",
    );
  });

  test("is told the life, the digest and the place of the claim that it was chosen for", () => {
    const plan = asked(seeing([asking([request])]));
    expect([...plan.application.grants.values()]).toEqual([
      {
        unit: "db/0",
        lineage: "line",
        fence: 1,
        relation,
        application: "manager",
        job: "job",
        type: "backup",
        incarnation: "life-0",
        digest: requestDigest(request),
        claim: place,
      },
    ]);
    expect(plan.application.fence).toBe(1);
  });
});

describe("a fence", () => {
  test.each<[string, Partial<LeaderView>]>([
    ["the last one given", { application: applicationOf({ fence: 41 }) }],
    [
      "those of grants",
      {
        application: { ...applicationOf({ grants: [{ ...grant, unit: "db/2", fence: 41 }] }), fence: 0 },
        compatible: () => true,
      },
    ],
    [
      "those that units released",
      {
        records: records(
          ["db/0", {}],
          ["db/1", { released: releaseOf({ ...grant, fence: 41 }, "declined") }],
        ),
      },
    ],
    ["those on the leader's disk", { fenceOnDisk: 41 }],
  ])("is greater than %s", (_, fields) => {
    const requests = seeing([asking([backup("job"), backup("new")])]);
    const { application } = decideLeader(leaderView({ requests, ...fields }));
    expect(application.fence).toBe(42);
    expect([...application.grants.values()].map((each) => each.fence)).toContain(42);
  });

  test("is greater than that of a grant taken back at the same time, though the last one given was forgotten", () => {
    const said = records(["db/0", {}], ["db/1", { left: true }]);
    const plan = decideLeader(
      granted({ application: { ...applicationOf({ grants: [grant] }), fence: 0 }, records: said }),
    );
    expect([...plan.application.grants.values()].map((each) => each.fence)).toEqual([6]);
  });

  test("is counted anew in a new life of the application, which gets a lineage of its own", () => {
    const plan = asked(seeing([asking([request])]), { application: emptyApplication });
    expect(plan.application).toMatchObject({ lineage: "fresh", fence: 1 });
    expect(plan.application.grants.get("db/0")?.lineage).toBe("fresh");
    expect(asked(seeing([])).application.lineage).toBe("line");
  });
});

describe("done records whose requests are gone", () => {
  const many = Array.from({ length: keptDoneRecords + 6 }, (_, index) => doneOf(`job-${index}`, index + 1));
  const kept = ({ application }: LeaderPlan): readonly number[] =>
    [...application.done.values()].map(({ n }) => n).toSorted((a, b) => a - b);

  test("go, the oldest first, where there are too many", () => {
    const plan = asked(seeing([asking([])]), { application: applicationOf({ done: many.toReversed() }) });
    expect(kept(plan)).toEqual(many.slice(6).map(({ n }) => n));
  });

  test("stay while there are few", () => {
    const application = applicationOf({ done: many.slice(6) });
    expect(asked(seeing([asking([])]), { application }).application).toEqual(application);
  });

  test("stay where their request stands, which then does not count", () => {
    const requests = seeing([asking(many.slice(0, 10).map(({ report }) => backup(report.id)))]);
    const plan = asked(requests, { application: applicationOf({ done: many }) });
    expect(kept(plan)).toEqual(many.map(({ n }) => n));
  });

  test.each<[string, LeaderView["requests"]]>([
    ["whose relation this unit has not met", seeing([], { expected: new Set(["manager"]) })],
    ["whose relation is being broken", seeing([], { broken: relation })],
    [
      "whose databag could not be read in full",
      seeing([asking([], { problems: [{ field: "jobs", message: "m", remedy: "r" }] })]),
    ],
  ])("stay %s", (_, requests) => {
    const plan = asked(requests, { application: applicationOf({ done: many }) });
    expect(plan.application.done.size).toBe(many.length);
  });

  test("are told apart by a number that no later one has", () => {
    const plan = decideLeader(
      granted({
        application: applicationOf({ grants: [grant], done: many }),
        records: records(["db/0", {}], ["db/1", { released: releaseOf(grant, endOf("job")) }]),
      }),
    );
    expect(plan.application.done.get(key)?.n).toBe(many.length + 1);
  });
});

describe("an action's job", () => {
  const of = (
    unit: string,
    ...jobs: readonly (typeof request | RestoreRequest)[]
  ): ReturnType<typeof asking> => asking(jobs, { relation: actionRelation, application: unit });

  test("goes to the unit that asked, or waits for it", () => {
    const plan = asked(seeing([of("db/2", request)]));
    expect(grantsIn(plan)).toEqual([["db/2", "job"]]);
    const said = records(
      ["db/0", {}],
      ["db/1", {}],
      ["db/2", { standing: { ready: false, reason: "it starts" } }],
    );
    const waits = asked(seeing([of("db/2", request)]), { records: said });
    expect(grantsIn(waits)).toEqual([]);
    expect(waitsIn(waits)).toEqual({ job: "no unit can take it: db/2: it starts" });
  });

  test("waits its turn, and what conflicts with it waits for it, while its unit can take it", () => {
    const requests = seeing([
      asking([backup("first")]),
      of("db/2", restore("second")),
      asking([backup("third")]),
    ]);
    const plan = asked(requests, { compatible: () => true });
    expect(grantsIn(plan).map(([, job]) => job)).toEqual(["first"]);
    expect(waitsIn(plan)["third"]).toBe("waits for its turn after the restore of the database's own action");
  });

  test.each<[string, Partial<UnitRecord> | undefined]>([
    ["is not ready", { standing: { ready: false, reason: "it starts", claim: place } }],
    ["is of the wrong role", { standing: { ready: true, role: "replica", claim: place } }],
    ["is being removed", { left: true }],
    ["claims fences elsewhere", { standing: { ready: true, role: "primary", claim: "elsewhere" } }],
    ["has said nothing", undefined],
  ])("holds up nobody while its unit %s", (_, said) => {
    const all = new Map(leaderView().records);
    if (said === undefined) all.delete("db/2");
    else all.set("db/2", recordOf("db/2", said));
    const plan = asked(seeing([of("db/2", restore("mine")), asking([request])]), { records: all });
    expect(grantsIn(plan).map(([, job]) => job)).toEqual(["job"]);
    expect(Object.keys(waitsIn(plan))).toEqual(["mine"]);
  });

  test("is granted to no unit that the leader has not met", () => {
    const plan = asked(seeing([of("db/2", request)]), { listed: new Set(["db/1"]) });
    expect(waitsIn(plan)).toEqual({ job: "no unit can take it: db/2: has said nothing yet" });
  });

  test("is asked for as long as its unit says so, and its done record is kept for as long", () => {
    const done = [
      doneOf("mine", 1, { relation: actionRelation, application: "db/2" }),
      ...Array.from({ length: keptDoneRecords + 1 }, (_, index) => doneOf(`job-${index}`, index + 2)),
    ];
    const doneAfter = (requests: LeaderView["requests"]): boolean =>
      decideLeader(leaderView({ application: applicationOf({ done }), requests })).application.done.has(
        jobKey(actionRelation, "mine"),
      );
    expect(doneAfter(seeing([asking([]), of("db/2", backup("mine"))]))).toBe(true);
    const askers = { read: new Set(["db/0"]), expected: new Set(["db/0", "db/2"]) };
    expect(doneAfter(seeing([asking([])], { askers }))).toBe(true);
    expect(doneAfter(seeing([asking([])]))).toBe(false);
    const gone = { read: new Set(["db/0"]), expected: new Set(["db/0"]) };
    expect(doneAfter(seeing([asking([])], { askers: gone }))).toBe(false);
  });

  test("ends as its unit says, and is noted with who asked", () => {
    const mine: Grant = grantOf(request, {
      unit: "db/2",
      incarnation: "life-2",
      relation: actionRelation,
      application: "db/2",
    });
    const { application } = decideLeader(
      leaderView({
        application: applicationOf({ grants: [mine] }),
        requests: seeing([of("db/2", request)]),
        records: records(["db/0", {}], ["db/2", { released: releaseOf(mine, endOf("job")) }]),
      }),
    );
    expect(application.done.get(jobKey(actionRelation, "job"))).toMatchObject({
      application: "db/2",
      fence: 5,
    });
  });
});
