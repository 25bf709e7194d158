import { describe, expect, test } from "vitest";
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { RejectedRequest } from "../../lib/wire/requests.ts";
import { foldJournal, type JournalRecord } from "../../provider/journal.ts";
import { failureFields, planDispatch, type ProviderView, type RelationView } from "../../provider/plan.ts";

const now = "2026-03-01T10:00:00Z";
const first = "database-backup:1";
const second = "database-backup:2";
const failure = { code: "request-invalid", message: "jobs[0] is bad.", remedy: "Mend it." };
const problem = { field: "jobs[1].job-id", message: "jobs[1].job-id is missing.", remedy: "Give it one." };
const storage = { bucket: "b", path: "/p", credentials: new Credentials("AKIACANARY", "secret-canary") };

const request = (id: string, type: "backup" | "restore" = "backup"): JobRequest =>
  type === "backup"
    ? { id, type, backupType: "full", compression: true, storage }
    : { id, type, artefactPath: "/a/", compression: true, storage };
const rejected = (id: string): RejectedRequest => ({ id, type: "backup", storage: { bucket: "b" }, failure });
const reported = (id: string, phase: JobReport["phase"], more: Partial<JobReport> = {}): JobReport => ({
  id,
  type: "backup",
  storage: { bucket: "b", path: "/p" },
  phase,
  ...more,
});
const relation = (id: string, found: Partial<RelationView>): RelationView => ({
  id,
  application: `manager-${id.slice(-1)}`,
  requests: [],
  rejected: [],
  problems: [],
  reports: [],
  ...found,
});
const started = (fence: number, of: string, asked: JobRequest): JournalRecord => ({
  record: "started",
  fence,
  relation: of,
  request: asked,
});
const ticket = (number: number, of: string, job: string): JournalRecord => ({
  record: "ticket",
  ticket: number,
  relation: of,
  job,
});
const ended = (fence: number): JournalRecord => ({
  record: "progress",
  fence,
  progress: { phase: "succeeded", finishedAt: now, backupId: "label" },
});

function view(
  relations: readonly RelationView[],
  records: readonly JournalRecord[] = [],
  more: Partial<ProviderView> = {},
): ProviderView {
  return { now, plannedUnits: 1, relations, journal: foldJournal(records), running: new Set(), ...more };
}

describe("the next job", () => {
  test("is the request that nobody knows, under a fence of its own", () => {
    const plan = planDispatch(view([relation(first, { requests: [request("a"), request("b")] })]));
    expect(plan.next).toEqual({ fence: 1, relation: first, request: request("a") });
    expect(plan.records).toEqual([ticket(1, first, "a"), ticket(2, first, "b")]);
    expect(plan.reports.get(first)).toEqual([]);
    expect(plan.status).toBeUndefined();
  });

  test("is the one that came first, of whichever relation and however they are ordered now", () => {
    const tickets = [ticket(1, second, "c"), ticket(2, first, "b"), ticket(3, first, "a")];
    const waiting = [
      relation(first, { requests: [request("new"), request("a"), request("b")] }),
      relation(second, { requests: [request("newer"), request("c")] }),
    ];
    const plan = planDispatch(view(waiting, tickets));
    expect(plan.next).toMatchObject({ relation: second, request: { id: "c" } });
    expect(plan.records).toEqual([ticket(4, first, "new"), ticket(5, second, "newer")]);
    const without = planDispatch(view([waiting[0] ?? relation(first, {})], tickets));
    expect(without.next).toMatchObject({ relation: first, request: { id: "b" } });
  });

  test("may have the id of a job of another relation", () => {
    const both = [
      relation(first, { requests: [request("a")] }),
      relation(second, { requests: [request("a")] }),
    ];
    const records = [
      ticket(1, first, "a"),
      ticket(2, second, "a"),
      started(1, first, request("a")),
      ended(1),
    ];
    const plan = planDispatch(view(both, records));
    expect(plan.next).toEqual({ fence: 2, relation: second, request: request("a") });
    expect(plan.reports.get(first)).toMatchObject([{ id: "a", phase: "succeeded" }]);
    expect(plan.reports.get(second)).toEqual([]);
  });

  test("is none while another runs, and the others wait", () => {
    const records = [started(1, first, request("a"))];
    const asked = [relation(first, { requests: [request("a"), request("b")] })];
    const plan = planDispatch(view(asked, records, { running: new Set([1]) }));
    expect(plan.next).toBeUndefined();
    expect(plan.recover).toBeUndefined();
    expect(plan.status).toEqual({ name: "maintenance", message: "creating backup" });
    expect(plan.records).toEqual([ticket(1, first, "b")]);
  });

  test("is none while there is somebody to clean up after", () => {
    const records = [started(1, first, request("a", "restore"))];
    const plan = planDispatch(view([relation(first, { requests: [request("b")] })], records));
    expect(plan.next).toBeUndefined();
    expect(plan.recover).toMatchObject({ fence: 1, request: { id: "a" } });
    expect(plan.status).toEqual({ name: "maintenance", message: "cleaning up after restore job a" });
  });

  test("is none on an application of more units", () => {
    const asked = [relation(first, { requests: [request("a")] })];
    const plan = planDispatch(view(asked, [], { plannedUnits: 2 }));
    expect(plan.next).toBeUndefined();
    expect(plan.status).toEqual({
      name: "blocked",
      message: "2 units planned, but jobs run on applications of one unit only; 1 waiting: remove units",
    });
    expect(planDispatch(view([], [], { plannedUnits: 3 })).status?.message).toBe(
      "3 units planned, but jobs run on applications of one unit only: remove units",
    );
  });

  test("is none that the databag knows, though the journal does not", () => {
    const reports = [reported("a", "succeeded"), reported("b", "running")];
    const asked = [relation(first, { requests: [request("a"), request("b")], reports })];
    expect(planDispatch(view(asked)).next).toBeUndefined();
  });
});

describe("the report of a job", () => {
  test("is what the journal says, with how far it is by now", () => {
    const records: JournalRecord[] = [
      started(3, first, request("a")),
      {
        record: "progress",
        fence: 3,
        progress: { phase: "running", startedAt: now, progress: { percent: 1 } },
      },
    ];
    const asked = [relation(first, { requests: [request("a")], reports: [reported("a", "starting")] })];
    const live = { fence: 3, progress: { percent: 40 } };
    const running = new Set([3]);
    expect(planDispatch(view(asked, records, { running, liveProgress: live })).reports.get(first)).toEqual([
      reported("a", "running", { compression: true, startedAt: now, progress: { percent: 40 }, fence: 3 }),
    ]);
    const stale = planDispatch(view(asked, records, { running, liveProgress: { ...live, fence: 2 } }));
    expect(stale.reports.get(first)).toMatchObject([{ progress: { percent: 1 } }]);
  });

  test("holds no progress of the work once it has ended", () => {
    const asked = [relation(first, { requests: [request("a")] })];
    const live = { fence: 1, progress: { percent: 40 } };
    const plan = planDispatch(
      view(asked, [started(1, first, request("a")), ended(1)], { liveProgress: live }),
    );
    expect(plan.reports.get(first)).toMatchObject([{ phase: "succeeded", backupId: "label" }]);
    expect(plan.reports.get(first)?.[0]).not.toHaveProperty("progress");
  });

  test("goes with its request, unless something could not be read", () => {
    const reports = [reported("a", "succeeded"), reported("b", "running")];
    expect(planDispatch(view([relation(first, { reports })])).reports.get(first)).toEqual([]);
    const unreadable = relation(first, { reports, problems: [problem] });
    expect(planDispatch(view([unreadable])).reports.get(first)).toEqual(reports);
  });

  test("of an end that stands stays as it is, whatever the journal or the request say now", () => {
    const end = reported("a", "failed", { message: "as it was" });
    for (const asked of [{ requests: [request("a")] }, { rejected: [rejected("a")] }]) {
      const records = [started(1, first, request("a")), ended(1)];
      const plan = planDispatch(view([relation(first, { ...asked, reports: [end] })], records));
      expect(plan.reports.get(first)).toEqual([end]);
      expect(plan.next).toBeUndefined();
    }
  });

  test("that was at work and has no journal says that it is lost, and is not run again", () => {
    const before = reported("a", "running", { fence: 7, startedAt: now });
    const plan = planDispatch(view([relation(first, { requests: [request("a")], reports: [before] })]));
    expect(plan.next).toBeUndefined();
    expect(plan.reports.get(first)).toMatchObject([
      { id: "a", phase: "lost", fence: 7, startedAt: now, finishedAt: now, errorCode: "journal-lost" },
    ]);
  });

  test("never holds credentials", () => {
    const records = [started(1, first, request("a"))];
    const plan = planDispatch(view([relation(first, { requests: [request("a"), request("b")] })], records));
    const { recover: _, ...said } = plan;
    expect(JSON.stringify([...said.reports, said.status, said.records])).not.toMatch(/canary/i);
  });
});

describe("a request that cannot be accepted", () => {
  test("is reported once, and stays so although it is mended", () => {
    const [report] =
      planDispatch(view([relation(first, { rejected: [rejected("a")] })])).reports.get(first) ?? [];
    expect(report).toEqual({
      id: "a",
      type: "backup",
      storage: { bucket: "b" },
      phase: "rejected",
      finishedAt: now,
      errorCode: "request-invalid",
      message: "jobs[0] is bad.",
      remedy: "Mend it.",
    });
    const later = { now: "2026-03-01T11:00:00Z" };
    const reports = report === undefined ? [] : [report];
    for (const asked of [{ rejected: [rejected("a")] }, { requests: [request("a")] }]) {
      const plan = planDispatch(view([relation(first, { ...asked, reports })], [], later));
      expect(plan.reports.get(first)).toEqual(reports);
      expect(plan.next).toBeUndefined();
    }
  });

  test("leaves the report of its running job alone", () => {
    const records = [started(1, first, request("a"))];
    const plan = planDispatch(
      view([relation(first, { rejected: [rejected("a")] })], records, { running: new Set([1]) }),
    );
    expect(plan.reports.get(first)).toMatchObject([{ id: "a", phase: "starting", fence: 1 }]);
  });

  test("takes no other job away", () => {
    const plan = planDispatch(
      view([relation(first, { requests: [request("b")], rejected: [rejected("a")] })]),
    );
    expect(plan.next).toMatchObject({ request: { id: "b" } });
    expect(plan.reports.get(first)).toHaveLength(1);
  });
});

describe("the unit status", () => {
  test("names what cannot be tied to a job, and where it is", () => {
    const relations = [relation(first, {}), relation(second, { problems: [problem] })];
    expect(planDispatch(view(relations)).status).toEqual({
      name: "active",
      message: "unusable request from manager-2 (database-backup:2): jobs[1].job-id is missing.",
    });
  });

  test("says what runs, before all else", () => {
    const relations = [relation(first, { problems: [problem] })];
    const records = [started(1, first, request("a", "restore"))];
    const plan = planDispatch(view(relations, records, { running: new Set([1]), plannedUnits: 2 }));
    expect(plan.status).toEqual({ name: "maintenance", message: "restoring backup" });
  });

  test("is Blocked where cleaning up failed, with the reason", () => {
    const message = "Cleaning up failed: the disk is full";
    const records: JournalRecord[] = [
      started(1, first, request("a")),
      {
        record: "progress",
        fence: 1,
        progress: { phase: "running", errorCode: "executor-crashed", message },
      },
    ];
    const plan = planDispatch(view([], records));
    expect(plan.status).toEqual({ name: "blocked", message: `job a: ${message}` });
    expect(plan.recover).toMatchObject({ fence: 1 });
  });

  test("is nothing where there is nothing to say", () => {
    expect(planDispatch(view([])).status).toBeUndefined();
    expect(planDispatch(view([relation(first, { requests: [request("a")] })])).status).toBeUndefined();
  });
});

test("a failure becomes the fields of a report", () => {
  expect(failureFields(failure)).toEqual({
    errorCode: failure.code,
    message: failure.message,
    remedy: failure.remedy,
  });
});
