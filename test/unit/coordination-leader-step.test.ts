import { describe, expect, test } from "vitest";
import type { JobReport } from "../../lib/job/report.ts";
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
  noClaim,
  type Grant,
  type Outcome,
  type UnitRecord,
} from "../../provider/coordination/peer-records.ts";
import { reasonToWait } from "../../provider/coordination/wait.ts";
import {
  applicationOf,
  asking,
  backup,
  doneOf,
  endOf,
  grantOf,
  grantsOf,
  leaderView,
  now,
  place,
  recordOf,
  relation,
  releaseOf,
  restore,
  seeing,
} from "./coordination-views.ts";

const request = backup();
const grant = grantOf(request, { unit: "db/1", incarnation: "life-1" });
const key = jobKey(relation, "job");
const me = { unit: "db/0", incarnation: "life-0" };

function records(...said: readonly [string, Partial<UnitRecord>][]): ReadonlyMap<string, UnitRecord> {
  return new Map(said.map(([unit, fields]) => [unit, recordOf(unit, fields)]));
}

/** `db/1` has the grant; its request stands. */
function granted(fields: Partial<LeaderView> = {}): LeaderView {
  return leaderView({
    application: applicationOf({ grants: [grant] }),
    requests: seeing([asking([request])]),
    ...fields,
  });
}

/** Nothing is granted, and these jobs are asked for. */
function asked(requests: LeaderView["requests"], fields: Partial<LeaderView> = {}): LeaderPlan {
  return decideLeader(leaderView({ requests, ...fields }));
}

/** Who was granted what: the unit, and the job. */
function grantsIn({ application }: LeaderPlan): readonly (readonly [string, string])[] {
  return [...application.grants.values()].map(({ unit, job }) => [unit, job]);
}

function waitsIn({ waiting }: LeaderPlan): Readonly<Record<string, string>> {
  return Object.fromEntries(waiting.map((job) => [job.request.id, reasonToWait(job, relation)]));
}

describe("a grant", () => {
  test.each<Outcome>([endOf("job"), endOf("job", "failed"), endOf("job", "cancelled"), endOf("job", "lost")])(
    "that its unit released with %j is taken back, and the end noted",
    (outcome) => {
      const released = releaseOf(grant, outcome, "life-of-then");
      const { application } = decideLeader(
        granted({ records: records(["db/0", {}], ["db/1", { released }]) }),
      );
      expect(application.grants.size).toBe(0);
      expect(application.done.get(key)).toEqual({
        n: 1,
        relation,
        application: "manager",
        fence: 5,
        by: { unit: "db/1", incarnation: "life-of-then" },
        report: outcome,
      });
    },
  );

  test.each<Outcome>(["declined", "withdrawn"])(
    "that its unit released as %s is taken back, and the job waits again in its place",
    (outcome) => {
      const tickets = new Map([
        [key, { n: 1, relation, application: "manager", job: "job" }],
        [jobKey(relation, "other"), { n: 2, relation, application: "manager", job: "other" }],
      ]);
      const view = granted({
        application: { ...applicationOf({ grants: [grant] }), tickets },
        requests: seeing([asking([backup("other"), request])]),
        records: records(
          ["db/0", { standing: { ready: true, role: "replica", claim: place } }],
          ["db/1", { released: releaseOf(grant, outcome) }],
        ),
      });
      const plan = decideLeader(view);
      expect(plan.application.done.size).toBe(0);
      expect(grantsIn(plan)).toEqual([["db/0", "job"]]);
      expect(plan.application.grants.get("db/0")?.fence).toBe(6);
      expect(waitsIn(plan)).toEqual({ other: "waits for the backup job on db/0" });
    },
  );

  test("that its unit's later word is past is taken back without an end", () => {
    const released = releaseOf(grantOf(backup("another"), { fence: 7 }), endOf("another"));
    const { application } = decideLeader(
      granted({
        records: records(
          ["db/0", { standing: { ready: false } }],
          ["db/1", { standing: { ready: false }, released }],
        ),
      }),
    );
    expect(application.grants.size).toBe(0);
    expect(application.done.size).toBe(0);
  });

  test("of a job whose end was noted already changes nothing of that end", () => {
    const before = doneOf("job", 1, { report: endOf("job", "cancelled") });
    const released = releaseOf(grant, endOf("job"));
    const { application } = decideLeader(
      granted({
        application: applicationOf({ grants: [grant], done: [before] }),
        records: records(["db/0", {}], ["db/1", { released }]),
      }),
    );
    expect(application.grants.size).toBe(0);
    expect([...application.done.values()]).toEqual([before]);
  });

  test("stays while its unit has said nothing later than of an earlier one", () => {
    const released = releaseOf({ ...grant, fence: 4 }, endOf("job"));
    const { application } = decideLeader(granted({ records: records(["db/0", {}], ["db/1", { released }]) }));
    expect([...application.grants.values()]).toEqual([grant]);
    expect(application.done.size).toBe(0);
  });

  test("of a unit that left without a word is taken back, and another unit gets the job", () => {
    const said = records(["db/0", {}], ["db/1", { left: true }]);
    const plan = decideLeader(granted({ records: said, listed: new Set(), expected: new Set(["db/0"]) }));
    expect(grantsIn(plan)).toEqual([["db/0", "job"]]);
    expect(plan.application.done.size).toBe(0);
  });

  test("stays where the one that left is another life of the unit's name", () => {
    const said = records(["db/0", {}], ["db/1", { left: true, incarnation: "life-other" }]);
    expect([...decideLeader(granted({ records: said })).application.grants.values()]).toEqual([grant]);
  });

  test("of a unit that left with a last word ends as that says", () => {
    const said = records(
      ["db/0", {}],
      ["db/1", { left: true, released: releaseOf(grant, endOf("job", "cancelled")) }],
    );
    const { application } = decideLeader(
      granted({ records: said, listed: new Set(), expected: new Set(["db/0"]) }),
    );
    expect(application.done.get(key)?.report.phase).toBe("cancelled");
  });

  describe("of a unit that vanished", () => {
    const gone: Partial<LeaderView> = {
      records: records(["db/0", {}]),
      listed: new Set(),
      expected: new Set(["db/0"]),
    };

    test("stays, and its fence is to be revoked", () => {
      const plan = decideLeader(granted(gone));
      expect(grantsIn(plan)).toEqual([["db/1", "job"]]);
      expect(plan.toRevoke).toEqual([grant]);
      expect(plan.application.done.size).toBe(0);
    });

    test("ends as lost, by the leader, once nobody can claim its fence, and is not granted again", () => {
      const plan = decideLeader(granted({ ...gone, revoked: grantsOf(grant) }));
      expect(grantsIn(plan)).toEqual([]);
      expect(plan.toRevoke).toEqual([]);
      expect(plan.application.done.get(key)).toMatchObject({
        fence: 5,
        by: me,
        report: { phase: "lost", errorCode: "unit-gone", finishedAt: now },
      });
      expect(plan.waiting).toEqual([]);
    });

    test("stays where the fence of another grant was revoked", () => {
      const revoked = grantsOf({ ...grant, fence: 6 }, { ...grant, lineage: "other" });
      expect(grantsIn(decideLeader(granted({ ...gone, revoked })))).toEqual([["db/1", "job"]]);
    });

    test("stays where nobody claims fences: only an admin frees it, and who waits reads so", () => {
      const unclaimed = { ...grant, claim: noClaim };
      const plan = decideLeader(
        granted({
          ...gone,
          application: applicationOf({ grants: [unclaimed] }),
          revoked: grantsOf(unclaimed),
          requests: seeing([asking([request, backup("next")])]),
        }),
      );
      expect(grantsIn(plan)).toEqual([["db/1", "job"]]);
      expect(plan.toRevoke).toEqual([]);
      expect(waitsIn(plan)["next"]).toContain(
        "gone without a word; run release-grant on the leader, fence=5",
      );
    });

    test.each<[string, Partial<LeaderView>]>([
      ["Juju expects it", { expected: new Set(["db/0", "db/1"]) }],
      ["it is listed", { listed: new Set(["db/1"]) }],
    ])("is no such grant while %s", (_, fields) => {
      const plan = decideLeader(granted({ ...gone, ...fields, revoked: grantsOf(grant) }));
      expect(grantsIn(plan)).toEqual([["db/1", "job"]]);
      expect(plan.toRevoke).toEqual([]);
    });
  });

  test("of the leader itself is never one of a unit that vanished", () => {
    const own = grantOf(request);
    const plan = decideLeader(
      granted({
        application: applicationOf({ grants: [own] }),
        expected: new Set(),
        listed: new Set(),
        revoked: grantsOf(own),
      }),
    );
    expect([...plan.application.grants.values()]).toEqual([own]);
    expect(plan.toRevoke).toEqual([]);
  });
});

describe("a request", () => {
  test("that was not seen before gets the next ticket, in the order of the databags", () => {
    const before = { n: 7, relation, application: "manager", job: "old" };
    const { application } = asked(seeing([asking([backup("a"), backup("old"), backup("b")])]), {
      application: { ...applicationOf(), tickets: new Map([[jobKey(relation, "old"), before]]) },
    });
    expect([...application.tickets.values()].map(({ n, job }) => [n, job])).toEqual([
      [7, "old"],
      [8, "a"],
      [9, "b"],
    ]);
  });

  test("loses its ticket once it is gone, and not before that is certain", () => {
    const ticket = { n: 1, relation, application: "manager", job: "job" };
    const application = { ...applicationOf(), tickets: new Map([[key, ticket]]) };
    const ticketsAfter = (requests: LeaderView["requests"]): number =>
      decideLeader(leaderView({ application, requests })).application.tickets.size;
    expect(ticketsAfter(seeing([asking([])]))).toBe(0);
    expect(ticketsAfter(seeing([]))).toBe(0);
    expect(ticketsAfter(seeing([], { expected: new Set(["manager"]) }))).toBe(1);
    expect(ticketsAfter(seeing([], { broken: relation }))).toBe(1);
    const problems = [{ field: "jobs", message: "m", remedy: "r" }];
    expect(ticketsAfter(seeing([asking([], { problems })]))).toBe(1);
  });

  test.each([
    ["cancelled", backup("job", { cancel: true })],
    ["expired", backup("job", { startBefore: "2026-03-01T09:59:59Z" })],
  ])("ends %s, by the leader and without a fence", (phase, asks) => {
    const { application, waiting } = asked(seeing([asking([asks])]));
    expect(application.done.get(key)).toMatchObject({ fence: 0, by: me, report: { phase, finishedAt: now } });
    expect(application.done.get(key)?.report.errorCode).toBe(phase);
    expect(application.tickets.size).toBe(0);
    expect(application.grants.size).toBe(0);
    expect(waiting).toEqual([]);
  });

  test("that cannot be accepted ends rejected with what is wrong, and keeps nobody waiting", () => {
    const failure = { code: "request-invalid", message: "m", remedy: "r" };
    const rejected = [{ id: "bad", type: "restore" as const, storage: { bucket: "b" }, failure }];
    const plan = asked(seeing([asking([request], { rejected })]));
    expect(plan.application.done.get(jobKey(relation, "bad"))?.report).toEqual({
      id: "bad",
      type: "restore",
      phase: "rejected",
      finishedAt: now,
      errorCode: "request-invalid",
      message: "m",
      remedy: "r",
    });
    expect(plan.application.grants.size).toBe(1);
  });

  test("that is granted is the unit's to end", () => {
    const requests = seeing([asking([backup("job", { cancel: true })])]);
    const { application } = decideLeader(granted({ requests }));
    expect([...application.grants.values()]).toEqual([grant]);
    expect(application.done.size).toBe(0);
  });

  test("that ended stays as it ended, whatever becomes of it", () => {
    const application = applicationOf({ done: [doneOf("job", 3)] });
    for (const asks of [
      request,
      backup("job", { cancel: true }),
      backup("job", { backupType: "incremental" }),
    ]) {
      expect(asked(seeing([asking([asks])]), { application }).application).toEqual(application);
    }
  });

  test("of one relation is not ended by the same id in another", () => {
    const application = applicationOf({ done: [doneOf("job", 3)] });
    const plan = asked(seeing([asking([request]), asking([request], { relation: "database-backup:2" })]), {
      application,
    });
    expect([...plan.application.grants.values()].map((each) => each.relation)).toEqual(["database-backup:2"]);
  });

  describe("that this unit reported before it lost its disk", () => {
    const report: JobReport = { ...endOf("job"), storage: { bucket: "b" }, fence: 3, backupId: "label" };

    test("ends as it was reported", () => {
      const plan = asked(seeing([asking([request])]), { ownReports: new Map([[key, report]]) });
      const { storage: _, ...known } = report;
      expect(plan.application.done.get(key)).toMatchObject({ fence: 3, by: me, report: known });
      expect(plan.application.grants.size).toBe(0);
    });

    test("ends as lost where it had not ended", () => {
      const ownReports = new Map([[key, { ...report, phase: "running" as const }]]);
      const { application } = asked(seeing([asking([request])]), { ownReports });
      expect(application.done.get(key)?.report).toMatchObject({ phase: "lost", errorCode: "journal-lost" });
      expect(application.grants.size).toBe(0);
    });

    test("as rejected is looked at anew", () => {
      const ownReports = new Map([[key, { ...report, phase: "rejected" as const }]]);
      expect(asked(seeing([asking([request])]), { ownReports }).application.grants.size).toBe(1);
    });
  });
});

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
