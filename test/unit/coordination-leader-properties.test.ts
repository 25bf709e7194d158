/**
 * What holds of every plan of the leader, whatever it sees: views as the units of an application may come to see them
 * after any number of failed hooks, lost disks and removed units, and worse.
 */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { endPhases } from "../../lib/job/phase.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { decideLeader, keptDoneRecords, type LeaderView } from "../../provider/coordination/leader-step.ts";
import {
  actionRelation,
  grantId,
  jobKey,
  noClaim,
  type DoneRecord,
  type Grant,
  type Outcome,
  type UnitRecord,
} from "../../provider/coordination/peer-records.ts";
import type { RelationRequests } from "../../provider/coordination/requests-seen.ts";
import type { WaitingJob } from "../../provider/coordination/wait.ts";
import {
  applicationOf,
  asking,
  backup,
  doneOf,
  endOf,
  grantOf,
  leaderView,
  lineage,
  place,
  recordOf,
  restore,
  seeing,
} from "./coordination-views.ts";

const units = ["db/0", "db/1", "db/2", "db/3"] as const;
const relations = ["database-backup:1", "database-backup:2", actionRelation] as const;
const jobs = ["a", "b", "bb", "ccc"] as const;

const unit = fc.constantFrom(...units);
const relation = fc.constantFrom(...relations);
const job = fc.constantFrom(...jobs);
const fence = fc.integer({ min: 1, max: 12 });

/** Who asks in a relation: a manager, or the unit whose action it is. */
function askerIn(of: string): string {
  return of === actionRelation ? "db/1" : `manager-${of.at(-1)}`;
}

const request: fc.Arbitrary<JobRequest> = fc
  .record({
    id: job,
    isRestore: fc.boolean(),
    isCancelled: fc.boolean(),
    deadline: fc.constantFrom(undefined, "2026-03-01T09:00:00Z", "2026-03-01T11:00:00Z"),
  })
  .map(({ id, isRestore, isCancelled, deadline }) => {
    const common = {
      ...(isCancelled ? { cancel: true as const } : {}),
      ...(deadline === undefined ? {} : { startBefore: deadline }),
    };
    return isRestore ? restore(id, common) : backup(id, common);
  });

const rejected = fc.constantFrom("bad", "worse").map((id) => ({
  id,
  type: "backup" as const,
  storage: { bucket: "b" },
  failure: { code: "request-invalid", message: "m", remedy: "r" },
}));

const asked: fc.Arbitrary<RelationRequests> = fc
  .record({
    of: relation,
    requests: fc.uniqueArray(request, { selector: ({ id }) => id, maxLength: 4 }),
    bad: fc.uniqueArray(rejected, { selector: ({ id }) => id, maxLength: 2 }),
    hasProblems: fc.boolean(),
  })
  .map(({ of, requests, bad, hasProblems }) =>
    asking(requests, {
      relation: of,
      application: askerIn(of),
      rejected: of === actionRelation ? [] : bad,
      problems: hasProblems && of !== actionRelation ? [{ field: "jobs", message: "m", remedy: "r" }] : [],
    }),
  );

const grant: fc.Arbitrary<Grant> = fc
  .record({
    unit,
    fence,
    of: relation,
    id: job,
    isRestore: fc.boolean(),
    life: fc.nat(1),
    claims: fc.boolean(),
  })
  .map(({ unit: to, fence: n, of, id, isRestore, life, claims }) =>
    grantOf(isRestore ? restore(id) : backup(id), {
      unit: to,
      fence: n,
      relation: of,
      application: askerIn(of),
      incarnation: `life-${life}`,
      claim: claims ? place : noClaim,
    }),
  );

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom<Outcome>("declined", "withdrawn"),
  fc.constantFrom(...endPhases).map((phase) => endOf("a", phase)),
);

const record: fc.Arbitrary<UnitRecord> = fc
  .record({
    life: fc.nat(1),
    ready: fc.boolean(),
    role: fc.constantFrom(undefined, "primary" as const, "replica" as const),
    claim: fc.constantFrom(undefined, place, place, place, noClaim),
    left: fc.boolean(),
    released: fc.option(fc.record({ fence, of: relation, id: job, outcome }), { nil: undefined }),
  })
  .map(({ life, ready, role, claim, left, released }) =>
    recordOf("db/0", {
      incarnation: `life-${life}`,
      standing: {
        ready,
        ...(role === undefined ? {} : { role }),
        ...(claim === undefined ? {} : { claim }),
      },
      left,
      ...(released === undefined
        ? {}
        : {
            released: {
              fence: released.fence,
              relation: released.of,
              job: released.id,
              by: `life-${life}`,
              outcome:
                typeof released.outcome === "object"
                  ? { ...released.outcome, id: released.id }
                  : released.outcome,
            },
          }),
    }),
  );

const done: fc.Arbitrary<DoneRecord> = fc
  .record({
    of: relation,
    id: fc.oneof(
      job,
      fc.nat(200).map((n) => `old-${n}`),
    ),
    phase: fc.constantFrom(...endPhases),
  })
  .map(({ of, id, phase }) =>
    doneOf(id, 0, { relation: of, application: askerIn(of), report: endOf(id, phase) }),
  );

const view: fc.Arbitrary<LeaderView> = fc
  .record({
    asked: fc.uniqueArray(asked, { selector: ({ relation: of }) => of, maxLength: 3 }),
    expectedManagers: fc.subarray(["manager-1", "manager-2"]),
    grants: fc.uniqueArray(grant, { selector: ({ unit: to }) => to, maxLength: 3 }),
    done: fc.uniqueArray(done, {
      selector: ({ relation: of, report }) => jobKey(of, report.id),
      maxLength: 90,
    }),
    records: fc.uniqueArray(fc.tuple(unit, record), { selector: ([of]) => of, maxLength: 4 }),
    listed: fc.subarray(units.slice(1)),
    expected: fc.subarray([...units]),
    revoked: fc.subarray([...units]),
    together: fc.boolean(),
    fence: fc.nat(12),
    fenceOnDisk: fc.nat(12),
    own: fc.option(fc.constantFrom(...jobs), { nil: undefined }),
  })
  .map((drawn) => {
    const grants = new Map(drawn.grants.map((one) => [one.unit, one]));
    const present = new Set(drawn.expected);
    const ends = drawn.done.map((each, index) => ({ ...each, n: index + 1 }));
    const own = drawn.own === undefined ? [] : [[jobKey("database-backup:1", drawn.own), drawn.own] as const];
    return leaderView({
      application: { ...applicationOf({ done: ends }), grants, fence: drawn.fence },
      records: new Map(drawn.records),
      listed: new Set(drawn.listed),
      expected: present,
      requests: seeing(drawn.asked, {
        expected: new Set(drawn.expectedManagers),
        askers: { read: new Set(["db/0", ...drawn.listed]), expected: present },
      }),
      ownReports: new Map(
        own.map(([key, id]) => [key, { ...endOf(id, "failed"), storage: { bucket: "b" } }]),
      ),
      compatible: together(drawn.together),
      revoked: new Set(drawn.grants.filter((one) => drawn.revoked.includes(one.unit as "db/0")).map(grantId)),
      fenceOnDisk: drawn.fenceOnDisk,
    });
  });

/** Whether two backups get along: if at all, those whose ids are of the same length do not. */
function together(atAll: boolean): LeaderView["compatible"] {
  return (a, b) => atAll && a.id.length !== b.id.length;
}

/** The grants that a plan made: those with a fence that was not there before. */
function made(seen: LeaderView, plan: { readonly application: LeaderView["application"] }): readonly Grant[] {
  const before = new Set([...seen.application.grants.values()].map(grantId));
  return [...plan.application.grants.values()].filter((one) => !before.has(grantId(one)));
}

function conflict(seen: LeaderView, a: Grant, b: Grant): boolean {
  if (a.type === "restore" || b.type === "restore") return true;
  const [one, other] = [a, b].map((each) => seen.requests.find(each.relation, each.job)?.request);
  return one === undefined || other === undefined || !seen.compatible(one, other);
}

function waitOf({ relation: of, request: { id }, wait }: WaitingJob): unknown {
  return [of, id, of === actionRelation ? undefined : wait];
}

describe("whatever the leader sees, its plan", () => {
  property.prop([view])("is settled: decided again from what it wrote, nothing changes", (seen) => {
    const plan = decideLeader(seen);
    const again = decideLeader({ ...seen, application: plan.application, newLineage: "another" });
    expect(again.application).toEqual(plan.application);
    expect(again.toRevoke).toEqual(plan.toRevoke);
    // An action's job that another one has overtaken waits for that one now.
    expect(again.waiting.map(waitOf)).toEqual(plan.waiting.map(waitOf));
  });

  property.prop([view])("grants nothing that conflicts with another grant", (seen) => {
    const plan = decideLeader(seen);
    const grants = [...plan.application.grants.values()];
    for (const one of made(seen, plan)) {
      for (const other of grants) if (other !== one) expect(conflict(seen, one, other)).toBe(false);
    }
  });

  property.prop([view])("gives no fence twice, and none that is not greater than all before", (seen) => {
    const plan = decideLeader(seen);
    const fences = made(seen, plan).map((one) => one.fence);
    const known = [
      seen.application.fence,
      seen.fenceOnDisk,
      ...[...seen.application.grants.values()].map((one) => one.fence),
      ...[...seen.records.values()].map(({ released }) => released?.fence ?? 0),
    ];
    expect(new Set(fences).size).toBe(fences.length);
    for (const one of fences) expect(one).toBeGreaterThan(Math.max(...known));
    expect(plan.application.fence).toBe(Math.max(seen.application.fence, ...fences));
  });

  property.prop([view])(
    "keeps every end that was noted as it was, while its request stands or may",
    (seen) => {
      const plan = decideLeader(seen);
      for (const [key, before] of seen.application.done) {
        const kept = plan.application.done.get(key);
        if (kept !== undefined) expect(kept).toBe(before);
        const { relation: of, application, report } = before;
        if (!seen.requests.isGone({ relation: of, application, job: report.id })) expect(kept).toBe(before);
      }
      const unasked = [...plan.application.done.values()].filter(({ relation: of, application, report }) =>
        seen.requests.isGone({ relation: of, application, job: report.id }),
      );
      expect(unasked.length).toBeLessThanOrEqual(keptDoneRecords);
    },
  );

  property.prop([view])(
    "grants no job that has ended or is granted, and each to a unit that can take it",
    (seen) => {
      const plan = decideLeader(seen);
      const grants = [...plan.application.grants.values()];
      for (const one of made(seen, plan)) {
        const key = jobKey(one.relation, one.job);
        const said = seen.records.get(one.unit);
        expect(plan.application.done.has(key) || seen.application.done.has(key)).toBe(false);
        expect(grants.filter((other) => jobKey(other.relation, other.job) === key)).toEqual([one]);
        expect(seen.requests.find(one.relation, one.job)?.request).toBeDefined();
        expect(one.unit === seen.unit || seen.listed.has(one.unit)).toBe(true);
        expect(said).toMatchObject({
          incarnation: one.incarnation,
          left: false,
          standing: { ready: true, claim: one.claim },
        });
        expect(one.lineage).toBe(lineage);
      }
    },
  );

  property.prop([view])(
    "takes a grant back on its unit's word, its leave or a revocation, and never else",
    (seen) => {
      const plan = decideLeader(seen);
      for (const before of seen.application.grants.values()) {
        if (plan.application.grants.get(before.unit) === before) continue;
        const said = seen.records.get(before.unit);
        const isAnswered = (said?.released?.fence ?? 0) >= before.fence;
        const hasLeft = said?.left === true && said.incarnation === before.incarnation;
        expect(isAnswered || hasLeft || seen.revoked.has(grantId(before))).toBe(true);
      }
    },
  );

  property.prop([view])("leaves no request without a grant, an end or a reason to wait", (seen) => {
    const plan = decideLeader(seen);
    const { grants, done: ended } = plan.application;
    const granted = new Set([...grants.values()].map((one) => jobKey(one.relation, one.job)));
    const waiting = new Set(plan.waiting.map((one) => jobKey(one.relation, one.request.id)));
    for (const { relation: of, request: one } of seen.requests.all) {
      if (one === undefined) continue;
      const key = jobKey(of, one.id);
      const found = [ended.has(key), granted.has(key), waiting.has(key)];
      expect(found.includes(true)).toBe(true);
      expect(found[2] === true && (found[0] === true || found[1] === true)).toBe(false);
    }
  });
});
