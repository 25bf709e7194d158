import { describe, expect, test } from "vitest";
import type { Grant, Outcome, UnitRecord } from "../../provider/coordination/peer-records.ts";
import { shippedRules } from "../../provider/coordination/rules.ts";
import {
  decideUnit,
  unitRecord,
  type UnitAction,
  type UnitView,
} from "../../provider/coordination/unit-step.ts";
import type { JournalRecord } from "../../provider/journal/journal.ts";
import {
  applicationOf,
  asking,
  backup,
  endOf,
  endedAs,
  grantOf,
  grantsOf,
  journalOf,
  lineage,
  place,
  recordOf,
  relation,
  releaseOf,
  restore,
  seeing,
  unitView,
} from "./coordination-views.ts";

const request = backup();
const grant = grantOf(request);
const later = grantOf(request, { fence: 9 });
const rest: UnitAction = { kind: "rest" };
const standing = seeing([asking([request])]);
const opened = journalOf([{ grant, request }]);
const [entry] = opened.entries.values();

/** The unit has this grant, and its request stands. */
function granted(fields: Partial<UnitView> = {}, to: Grant = grant): UnitView {
  return unitView({ application: applicationOf({ grants: [to] }), requests: standing, ...fields });
}

function answerOf(view: UnitView): Outcome {
  const action = decideUnit(view);
  if (action.kind !== "answer") throw new Error(`decided to ${action.kind}`);
  return action.outcome;
}

describe("a unit without a grant to act on", () => {
  test.each<[string, UnitView]>([
    ["that has none", unitView({ requests: standing })],
    ["that is another unit's", granted({}, { ...grant, unit: "db/1" })],
    ["that it has answered", granted({ own: recordOf("db/0", { released: releaseOf(grant, "declined") }) })],
    [
      "that is older than its last word",
      granted({ own: recordOf("db/0", { released: releaseOf(later, "declined") }) }),
    ],
    [
      "that its journal has answered, and its databag does not say yet",
      granted({ journal: journalOf([{ grant, request }], [endedAs(grant, "failed")]) }),
    ],
    ["that said that it left", granted({ own: recordOf("db/0", { left: true }) })],
  ])("%s rests", (_, view) => {
    expect(decideUnit(view)).toEqual(rest);
  });
});

describe("a grant that is new to this life of the unit", () => {
  test("is taken up as it was granted, with the request as it was read", () => {
    expect(decideUnit(granted())).toEqual({ kind: "start", grant, request });
  });

  test("is taken up though the keys were rotated since", () => {
    const rotated = backup("job", { secretExtra: "secret:9" });
    expect(decideUnit(granted({ requests: seeing([asking([rotated])]) }))).toMatchObject({
      kind: "start",
      request: rotated,
    });
  });

  test.each<[string, Partial<UnitView>]>([
    [
      "the request was edited",
      { requests: seeing([asking([backup("job", { backupType: "incremental" })])]) },
    ],
    ["the unit is not ready", { standing: { ready: false, reason: "it starts", claim: place } }],
    ["the unit leaves", { leaving: true }],
    [
      "the unit leaves, and has not met the relation",
      { leaving: true, requests: seeing([], { expected: new Set(["manager"]) }) },
    ],
    ["the unit knows another storage", { standing: { ready: true, role: "primary", claim: "storage-2" } }],
    ["the unit has not found out where it claims", { standing: { ready: true, role: "primary" } }],
    ["the storage has stopped keeping fences", { standing: { ready: true, role: "primary", claim: "none" } }],
  ])("is declined for good where %s", (_, fields) => {
    expect(answerOf(granted(fields))).toBe("declined");
  });

  test("is declined by a unit whose role it does not fit", () => {
    const requests = seeing([asking([restore()])]);
    const as = (role: "primary" | "replica"): UnitView =>
      granted({ requests, standing: { ready: true, role, claim: place } }, grantOf(restore()));
    expect(answerOf(as("replica"))).toBe("declined");
    expect(decideUnit(as("primary")).kind).toBe("start");
  });

  test("is declined where the request was edited into one that cannot be accepted", () => {
    const failure = { code: "request-invalid", message: "m", remedy: "r" };
    const rejected = [{ id: "job", type: "backup" as const, storage: { bucket: "b" }, failure }];
    expect(answerOf(granted({ requests: seeing([asking([], { rejected })]) }))).toBe("declined");
  });

  test("is withdrawn where its request is gone", () => {
    expect(answerOf(granted({ requests: seeing([asking([])]) }))).toBe("withdrawn");
  });

  test("ends cancelled where a cancel is asked for", () => {
    const requests = seeing([asking([backup("job", { cancel: true })])]);
    expect(answerOf(granted({ requests }))).toMatchObject({
      id: "job",
      phase: "cancelled",
      errorCode: "cancelled",
      fence: 5,
    });
  });

  test("ends expired once its deadline is over, and not before", () => {
    const until = (startBefore: string): UnitView => {
      const late = backup("job", { startBefore });
      return granted({ requests: seeing([asking([late])]) }, grantOf(late));
    };
    expect(answerOf(until("2026-03-01T09:59:59Z"))).toMatchObject({ phase: "expired", fence: 5 });
    expect(decideUnit(until("2026-03-01T10:00:00Z")).kind).toBe("start");
  });

  test("waits for its relation to be listed, and for a databag that could not be read in full", () => {
    const coming = seeing([], { expected: new Set(["manager"]) });
    expect(decideUnit(granted({ requests: coming }))).toEqual(rest);
    const problems = [{ field: "jobs[1]", message: "m", remedy: "r" }];
    expect(decideUnit(granted({ requests: seeing([asking([], { problems })]) }))).toEqual(rest);
    const broken = seeing([], { broken: relation });
    expect(decideUnit(granted({ requests: broken }))).toEqual(rest);
  });

  test("of a job that ended here before ends as it did, though its request is gone or was cancelled", () => {
    const journal = journalOf([{ grant, request }], [endedAs(grant, "succeeded")]);
    for (const requests of [
      standing,
      seeing([asking([])]),
      seeing([asking([backup("job", { cancel: true })])]),
    ]) {
      expect(answerOf(granted({ journal, requests }, later))).toMatchObject({ phase: "succeeded", fence: 5 });
    }
  });

  test("of a job that was declined here before is decided anew", () => {
    const { fence } = grant;
    const journal = journalOf(
      [],
      [
        {
          record: "answered",
          lineage,
          fence,
          relation,
          job: "job",
          type: "backup",
          outcome: "declined",
        },
      ],
    );
    expect(decideUnit(granted({ journal }, later)).kind).toBe("start");
  });

  test.each<[string, Partial<Grant>]>([
    ["another life of the application", { lineage: "other" }],
    ["another relation", { relation: "database-backup:2" }],
  ])("is not answered by the journal's end of a job of %s with the same id", (_, of) => {
    const other = { ...grant, ...of };
    const journal = journalOf([{ grant: other, request }], [endedAs(other, "succeeded")]);
    expect(decideUnit(granted({ journal }, later)).kind).toBe("start");
  });

  test("is not answered by a journal's entry of its number for another job", () => {
    const before = backup("before");
    const journal = journalOf([{ grant, request: before }], [endedAs(grant, "succeeded")]);
    expect(decideUnit(granted({ journal })).kind).toBe("start");
  });
});

describe("a job that was started", () => {
  const running = grantsOf(grant);

  test("is left to its process", () => {
    expect(decideUnit(granted({ journal: opened, running }))).toEqual(rest);
  });

  test("has a cancel passed on to its process once, while somebody sees to it", () => {
    const requests = seeing([asking([backup("job", { cancel: true })])]);
    expect(decideUnit(granted({ journal: opened, running, requests }))).toEqual({ kind: "cancel", entry });
    const mark = (record: "cancel" | "no-return"): JournalRecord => ({ record, lineage, fence: 5 });
    const passed = journalOf([{ grant, request }], [mark("no-return")]);
    expect(decideUnit(granted({ journal: passed, running, requests }))).toEqual(rest);
    const journal = journalOf([{ grant, request }], [mark("cancel")]);
    expect(decideUnit(granted({ journal, running, requests, stopping: running }))).toEqual(rest);
    // Also where the manager has changed its mind, as what was asked for has begun.
    for (const asked of [requests, seeing([asking([backup("job")])])])
      expect(decideUnit(granted({ journal, running, requests: asked }))).toMatchObject({ kind: "cancel" });
  });

  test("is cleaned up after once its process is gone", () => {
    expect(decideUnit(granted({ journal: opened }))).toEqual({ kind: "recover", entry });
  });

  test.each<[string, Partial<UnitView>]>([
    ["whose grant is gone", { application: applicationOf() }],
    ["whose request is gone", { requests: seeing([asking([])]) }],
    ["of an earlier life of the unit", { incarnation: "life-1", own: undefined }],
    ["while another job is granted", { application: applicationOf({ grants: [later] }) }],
  ])("%s is cleaned up after before anything else", (_, fields) => {
    expect(decideUnit(granted({ journal: opened, ...fields }))).toEqual({ kind: "recover", entry });
  });

  test("of another life of the application is cleaned up after, or left to its process", () => {
    const other = { ...grant, lineage: "other" };
    const journal = journalOf([{ grant: other, request }]);
    expect(decideUnit(granted({ journal })).kind).toBe("recover");
    expect(decideUnit(granted({ journal, running: grantsOf(other) }))).toEqual(rest);
  });

  test("is stopped, or cleaned up after, before a unit that leaves says so", () => {
    for (const lives of [running, new Set<string>()]) {
      const view = granted({ journal: opened, running: lives, leaving: true });
      expect(decideUnit(view)).toEqual({ kind: "stop", entry });
    }
  });
});

describe("a grant to the unit that bore this name before", () => {
  const old = { ...grant, incarnation: "life-before" };
  const seen = (fields: Partial<UnitView> = {}): UnitView => granted({ own: undefined, ...fields }, old);

  test("is never taken up, and stands in the way", () => {
    expect(decideUnit(seen())).toEqual({ kind: "blocked", by: old });
  });

  test("is answered by what that one had said, which the unit keeps", () => {
    const own = recordOf("db/0", { incarnation: "life-before", released: releaseOf(old, endOf("job")) });
    const view = seen({ own });
    expect(decideUnit(view)).toEqual(rest);
    expect(unitRecord(view, [], shippedRules)).toEqual(
      recordOf("db/0", { incarnation: "life-0", released: releaseOf(old, endOf("job")) }),
    );
  });

  test("is declined where that one had left", () => {
    const own = recordOf("db/0", { incarnation: "life-before", left: true });
    expect(answerOf(seen({ own }))).toBe("declined");
  });

  test("is not declined because yet another one had left", () => {
    const own = recordOf("db/0", { incarnation: "life-other", left: true });
    expect(decideUnit(seen({ own })).kind).toBe("blocked");
  });

  test("is answered by the disk of that one", () => {
    const journal = journalOf([{ grant: old, request }], [endedAs(old, "failed")]);
    expect(decideUnit(seen({ journal }))).toEqual(rest);
    expect(unitRecord(seen({ journal }), [], shippedRules).released).toEqual(
      releaseOf(old, endOf("job", "failed", 5), "life-0"),
    );
    expect(decideUnit(seen({ journal: opened })).kind).toBe("recover");
    expect(unitRecord(seen({ journal: opened }), [], shippedRules).released).toBeUndefined();
  });

  test("ends as lost once nobody can claim its fence", () => {
    expect(answerOf(seen({ revoked: grantsOf(old) }))).toMatchObject({
      phase: "lost",
      errorCode: "unit-gone",
      fence: 5,
    });
    expect(decideUnit(seen({ revoked: grantsOf(later) })).kind).toBe("blocked");
  });
});

describe("what a unit says of itself", () => {
  const say = (fields: Partial<UnitView>): UnitRecord => unitRecord(granted(fields), [], shippedRules);
  const ended = journalOf([{ grant, request }], [endedAs(grant, "failed")]);

  test("is its standing, what its actions asked for, and nothing of a grant that it has not answered", () => {
    const asked = [{ id: "a", type: "backup", backupType: "full", compression: true } as const];
    const view = granted({ standing: { ready: false, reason: "it starts" }, own: undefined });
    expect(unitRecord(view, asked, shippedRules)).toEqual({
      incarnation: "life-0",
      standing: { ready: false, reason: "it starts" },
      left: false,
      asked,
    });
  });

  test("is how its job ended, once it has", () => {
    expect(say({ journal: opened }).released).toBeUndefined();
    expect(say({ journal: ended }).released).toEqual(releaseOf(grant, endOf("job", "failed", 5)));
  });

  test.each<Outcome>(["declined", "withdrawn", endOf("job", "expired")])(
    "is that it answered a grant with %j",
    (outcome) => {
      const journal = journalOf(
        [],
        [{ record: "answered", lineage, fence: 5, relation, job: "job", type: "backup", outcome }],
      );
      expect(say({ journal }).released).toEqual(releaseOf(grant, outcome));
    },
  );

  test("is its last word until there is a later one", () => {
    const own = recordOf("db/0", { released: releaseOf(grant, endOf("job", "failed", 5)) });
    const view = { own, journal: ended };
    expect(say({ ...view, application: applicationOf() }).released).toEqual(own.released);
    expect(say({ ...view, application: applicationOf({ grants: [later] }) }).released).toEqual(own.released);
    const journal = journalOf(
      [
        { grant, request },
        { grant: later, request },
      ],
      [endedAs(grant, "failed"), endedAs(later, "succeeded")],
    );
    const both = { own, journal, application: applicationOf({ grants: [later] }) };
    expect(say(both).released).toEqual(releaseOf(later, endOf("job", "succeeded", 9)));
    const stale = { ...both, own: say(both), application: applicationOf({ grants: [grant] }) };
    expect(say(stale).released).toEqual(say(both).released);
  });

  test("is that it left, once nothing of it is at work any more", () => {
    expect(say({ leaving: true, journal: opened }).left).toBe(false);
    expect(say({ leaving: true, journal: ended })).toMatchObject({
      left: true,
      released: releaseOf(grant, endOf("job", "failed", 5)),
    });
    expect(say({ journal: ended }).left).toBe(false);
  });

  test("never changes once it said that it left", () => {
    const own = recordOf("db/0", { left: true });
    expect(say({ own, standing: { ready: false }, journal: ended })).toBe(own);
  });

  test("is its own again where the unit before it had left", () => {
    const own = recordOf("db/0", { incarnation: "life-before", left: true });
    expect(say({ own, application: applicationOf() })).toEqual(recordOf("db/0"));
  });
});
