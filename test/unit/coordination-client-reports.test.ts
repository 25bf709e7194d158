import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { endPhases, isEnd, phasesAtWork } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import { clientReports, type ReportsView } from "../../provider/coordination/client-reports.ts";
import { jobKey, type DoneRecord } from "../../provider/coordination/peer-records.ts";
import type { JournalEntry, JournalRecord } from "../../provider/journal/journal.ts";
import {
  asking,
  backup,
  doneOf,
  endOf,
  endedAs,
  grantOf,
  journalOf,
  now,
  relation,
  restore,
} from "./coordination-views.ts";

const request = backup();
const grant = grantOf(request);
const key = jobKey(relation, "job");
const storage = { bucket: "b" };
const somebody = { unit: "db/1", incarnation: "life-1" };
const rejection = {
  id: "job",
  type: "restore" as const,
  storage,
  failure: { code: "request-invalid", message: "m", remedy: "r" },
};

function view(fields: Partial<ReportsView> = {}): ReportsView {
  return {
    now,
    requests: asking([request]),
    standing: [],
    entries: new Map(),
    done: new Map(),
    speaksFor: ({ incarnation }) => incarnation === "life-0",
    isLeader: false,
    progress: new Map(),
    ...fields,
  };
}

/** The journal's entry of the job, after these records. */
function entered(...records: readonly JournalRecord[]): ReadonlyMap<string, JournalEntry> {
  const [entry] = journalOf([{ grant, request }], records).entries.values();
  return entry === undefined ? new Map() : new Map([[key, entry]]);
}

function doneBy(fields: Partial<DoneRecord> = {}): ReadonlyMap<string, DoneRecord> {
  return new Map([[key, doneOf("job", 5, fields)]]);
}

function standing(phase: JobReport["phase"], fields: Partial<JobReport> = {}): JobReport {
  return { id: "job", type: "backup", storage, compression: true, phase, ...fields };
}

describe("a job that this unit runs", () => {
  const { lineage, fence } = grant;

  test("is reported as its journal has it, with what its request says of the storage", () => {
    const entries = entered({
      record: "progress",
      lineage,
      fence,
      progress: { phase: "running", startedAt: now },
    });
    expect(clientReports(view({ entries }))).toEqual([standing("running", { fence: 5, startedAt: now })]);
  });

  test("is reported with how far it is, until it has ended", () => {
    const progress = new Map([[key, { percent: 40 }]]);
    expect(clientReports(view({ entries: entered(), progress }))[0]?.progress).toEqual({ percent: 40 });
    const ended = entered(endedAs(grant, "failed"));
    expect(clientReports(view({ entries: ended, progress }))[0]?.progress).toBeUndefined();
  });

  test("and that cannot be stopped any more says so to who asks for a cancel", () => {
    const requests = asking([backup("job", { cancel: true })]);
    const entries = entered({ record: "no-return", lineage, fence });
    expect(clientReports(view({ requests, entries }))[0]?.message).toMatch(/^The cancel came too late/);
    expect(clientReports(view({ requests, entries: entered() }))[0]?.message).toBeUndefined();
    expect(clientReports(view({ entries }))[0]?.message).toBeUndefined();
  });

  test("is reported as it ended before the leader has noted it, and after", () => {
    const entries = entered(endedAs(grant, "failed"));
    const reports = clientReports(view({ entries }));
    expect(reports).toEqual([standing("failed", { fence: 5 })]);
    const done = doneBy({ report: endOf("job", "failed", 5) });
    expect(clientReports(view({ entries, done }))).toEqual(reports);
  });

  test("has no report any more once its request is gone", () => {
    const requests = asking([]);
    expect(clientReports(view({ requests, entries: entered(), standing: [standing("running")] }))).toEqual(
      [],
    );
    expect(clientReports(view({ requests, done: doneBy(), standing: [standing("succeeded")] }))).toEqual([]);
  });

  test("is not reported where its grant was answered without a run", () => {
    const { entries } = journalOf(
      [],
      [{ record: "answered", lineage, fence, relation, job: "job", type: "backup", outcome: "declined" }],
    );
    const [entry] = entries.values();
    expect(clientReports(view({ entries: new Map(entry === undefined ? [] : [[key, entry]]) }))).toEqual([]);
  });

  test("is reported as the leader noted it where that is another end", () => {
    const entries = entered(endedAs(grant, "failed"));
    const done = doneBy({ report: endOf("job", "lost", 5), by: somebody });
    expect(clientReports(view({ entries, done }))).toEqual([]);
    expect(clientReports(view({ entries, done: doneBy({ report: endOf("job", "lost", 5) }) }))).toEqual([
      standing("lost", { fence: 5 }),
    ]);
  });
});

describe("the leader's notes", () => {
  test("are reported by who they speak of, and by who speaks for it", () => {
    expect(clientReports(view({ done: doneBy() }))).toEqual([standing("succeeded")]);
    expect(clientReports(view({ done: doneBy({ by: somebody }) }))).toEqual([]);
    const reports = clientReports(view({ done: doneBy({ by: somebody }), speaksFor: () => true }));
    expect(reports).toEqual([standing("succeeded")]);
  });

  test("of another relation's job of the same id are not", () => {
    const done = new Map([[jobKey("database-backup:2", "job"), doneOf("job", 5)]]);
    expect(clientReports(view({ done }))).toEqual([]);
  });
});

describe("a request that cannot be accepted", () => {
  const requests = asking([], { rejected: [rejection] });

  test("is reported by the leader at once, with what is wrong", () => {
    expect(clientReports(view({ requests, isLeader: true }))).toEqual([
      {
        id: "job",
        type: "restore",
        storage,
        phase: "rejected",
        finishedAt: now,
        errorCode: "request-invalid",
        message: "m",
        remedy: "r",
      },
    ]);
    expect(clientReports(view({ requests }))).toEqual([]);
  });

  test("of a job at work, or that has ended, changes nothing of it", () => {
    expect(clientReports(view({ requests, isLeader: true, entries: entered() }))[0]?.phase).toBe("starting");
    expect(clientReports(view({ requests, isLeader: true, done: doneBy() }))[0]?.phase).toBe("succeeded");
  });
});

describe("what stands in the databag", () => {
  test.each(endPhases)("as %s stays as it stands, whatever else is known", (phase) => {
    const before = standing(phase, { message: "as it was told", fence: 4 });
    for (const fields of [
      {},
      { entries: entered() },
      { entries: entered(endedAs(grant, "succeeded")) },
      { done: doneBy({ by: somebody, report: endOf("job", "lost") }) },
      { requests: asking([], { rejected: [rejection] }), isLeader: true },
    ]) {
      expect(clientReports(view({ standing: [before], ...fields }))).toEqual([before]);
    }
  });

  test("as under way goes where nobody knows of it here", () => {
    expect(clientReports(view({ standing: [standing("running")] }))).toEqual([]);
  });

  test("stays where the request's databag could not be read in full", () => {
    const problems = [{ field: "jobs[0]", message: "m", remedy: "r" }];
    const before = [standing("running"), standing("rejected", { id: "other" })];
    expect(clientReports(view({ requests: asking([], { problems }), standing: before }))).toEqual(before);
  });

  test("as rejected stays so for a thousand requests at most that cannot be seen", () => {
    const problems = [{ field: "jobs[0]", message: "m", remedy: "r" }];
    const before = Array.from({ length: 1_200 }, (_, index) => standing("rejected", { id: `job-${index}` }));
    const reports = clientReports(view({ requests: asking([], { problems }), standing: before }));
    expect(reports).toEqual(before.slice(0, 1_000));
  });

  const reportArbitrary = fc.constantFrom(...phasesAtWork, ...endPhases).map((phase) => standing(phase));
  property.prop([
    fc.array(
      fc.record({
        ended: fc.option(fc.constantFrom(...endPhases), { nil: undefined }),
        done: fc.option(fc.constantFrom(...endPhases), { nil: undefined }),
        mine: fc.boolean(),
        isLeader: fc.boolean(),
        knows: fc.boolean(),
        rejected: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
    fc.option(reportArbitrary, { nil: undefined }),
  ])("never goes back from an end while its request stands, dispatch after dispatch", (dispatches, first) => {
    let reports: readonly JobReport[] = first === undefined ? [] : [first];
    for (const { ended, done, mine, isLeader, knows, rejected } of dispatches) {
      const [before] = reports;
      reports = clientReports(
        view({
          standing: reports,
          isLeader,
          requests: rejected ? asking([], { rejected: [rejection] }) : asking([request]),
          entries: !knows ? new Map() : ended === undefined ? entered() : entered(endedAs(grant, ended)),
          done: done === undefined ? new Map() : doneBy({ report: endOf("job", done, 5) }),
          speaksFor: () => mine,
        }),
      );
      const kept = before !== undefined && isEnd(before.phase) ? [before] : reports;
      expect(reports).toEqual(kept);
      expect(reports.length).toBeLessThanOrEqual(1);
    }
  });
});

test("reports are those of one relation, in the order of its requests", () => {
  const others = restore("second");
  const done = new Map([
    [key, doneOf("job", 1)],
    [jobKey(relation, "second"), doneOf("second", 2, { report: { ...endOf("second"), type: "restore" } })],
  ]);
  const ids = clientReports(view({ requests: asking([others, request]), done })).map(({ id }) => id);
  expect(ids).toEqual(["second", "job"]);
});
