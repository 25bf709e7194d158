import { describe, expect, test } from "vitest";
import type { JobReport } from "../../lib/job/report.ts";
import { decideLeader, type LeaderView } from "../../provider/coordination/leader-step.ts";
import { jobKey, noClaim, type Outcome } from "../../provider/coordination/peer-records.ts";
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
  grantsOf,
  leaderView,
  now,
  place,
  relation,
  releaseOf,
  seeing,
} from "./coordination-views.ts";

const me = { unit: "db/0", incarnation: "life-0" };

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
