import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { compareReports, type UnitReport } from "../../lib/job/unit-report.ts";
import { endPhases, isEnd, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import { observed, withReports, type JobRecord } from "../../requirer/history/job-record.ts";

const asked: JobRecord = withReports(
  { id: "a", relation: "database-backup:3", application: "db", type: "backup" },
  [],
);

function report(unit: string, phase: Phase, fence?: number): UnitReport {
  const said: JobReport = { id: "a", type: "backup", storage: { bucket: "b" }, phase };
  return { unit, report: fence === undefined ? said : { ...said, fence } };
}

/** A view of a job: what was asked for, and what was seen of it. */
function view(...reports: readonly UnitReport[]): JobRecord {
  return observed(asked, reports);
}

/** What comes of two views. */
function merged(a: JobRecord, b: JobRecord): JobRecord {
  return observed(a, b.reports);
}

function phaseShown(...reports: readonly UnitReport[]): Phase {
  return view(...reports).phase;
}

const phases = fc.constantFrom<Phase>(...phasesAtWork, ...endPhases);
const units = fc.constantFrom("db/0", "db/1", "db/2", "db/10");
const fences = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const views = fc
  .array(
    fc.tuple(units, phases, fences).map(([unit, phase, fence]) => report(unit, phase, fence)),
    { maxLength: 6 },
  )
  .map((reports) => view(...reports));
const pairs = fc
  .tuple(phases, fences, phases, fences)
  .map(
    ([phase, fence, other, otherFence]) =>
      [report("db/0", phase, fence), report("db/1", other, otherFence)] as const,
  );

describe("of two reports", () => {
  property.prop([pairs])("one counts, whichever is asked about first", ([a, b]) => {
    expect(Math.sign(compareReports(a, b))).toBe(-Math.sign(compareReports(b, a)));
    expect(compareReports(a, b)).not.toBe(0);
    expect(compareReports(a, a)).toBe(0);
  });

  property.prop([fc.constantFrom(...phasesAtWork), fc.constantFrom(...endPhases), fences, fences])(
    "an end never loses to work, whatever the fences",
    (work, end, workFence, endFence) => {
      expect(phaseShown(report("db/1", work, workFence), report("db/0", end, endFence))).toBe(end);
    },
  );

  property.prop([fc.constantFrom(...endPhases.filter((phase) => phase !== "lost")), fences, fences])(
    "lost never beats another end",
    (end, endFence, lostFence) => {
      expect(phaseShown(report("db/1", "lost", lostFence), report("db/0", end, endFence))).toBe(end);
    },
  );

  property.prop([fc.constantFrom("failed", "rejected", "cancelled", "expired" as const), units, units])(
    "an error beats a success under the same fence",
    (error, unit, other) => {
      expect(phaseShown(report(unit, error, 2), report(other, "succeeded", 2))).toBe(error);
    },
  );

  test("the end with the higher fence wins, also a success over an error", () => {
    expect(phaseShown(report("db/9", "failed", 1), report("db/0", "succeeded", 2))).toBe("succeeded");
    expect(phaseShown(report("db/9", "succeeded", 1), report("db/0", "failed", 2))).toBe("failed");
  });

  test("a fence beats none", () => {
    expect(phaseShown(report("db/9", "failed"), report("db/0", "succeeded", 1))).toBe("succeeded");
  });

  test("the unit decides where all else is equal", () => {
    const { reports } = view(report("db/0", "failed", 1), report("db/1", "failed", 1));
    expect(reports.map(({ unit }) => unit)).toEqual(["db/1", "db/0"]);
  });

  test("the one further on counts while both are at work", () => {
    expect(phaseShown(report("db/1", "starting", 1), report("db/0", "finalizing", 1))).toBe("finalizing");
    expect(phaseShown(report("db/1", "starting", 1), report("db/0", "running", 1))).toBe("running");
  });
});

describe("the merge of views", () => {
  property.prop([views, views])("is commutative", (a, b) => {
    expect(merged(a, b)).toEqual(merged(b, a));
  });

  property.prop([views, views, views])("is associative", (a, b, c) => {
    expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)));
  });

  property.prop([views, views])("is idempotent", (a, b) => {
    expect(merged(a, a)).toEqual(a);
    expect(merged(merged(a, b), b)).toEqual(merged(a, b));
  });

  property.prop([views, views])(
    "is monotone: what counts never becomes less, and no end is taken back",
    (a, b) => {
      const [after] = merged(a, b).reports;
      for (const { reports, phase } of [a, b]) {
        const [before] = reports;
        if (before === undefined || after === undefined) continue;
        expect(compareReports(after, before)).toBeGreaterThanOrEqual(0);
        if (isEnd(phase)) expect(isEnd(after.report.phase)).toBe(true);
        if (isEnd(phase) && phase !== "lost") expect(after.report.phase).not.toBe("lost");
      }
    },
  );

  property.prop([views, views])("has the greatest report of a unit, and of three units at most", (a, b) => {
    const { reports } = merged(a, b);
    expect(new Set(reports.map(({ unit }) => unit)).size).toBe(reports.length);
    expect(reports.length).toBeLessThanOrEqual(3);
    for (const { unit, report: kept } of reports) {
      for (const other of [...a.reports, ...b.reports].filter((each) => each.unit === unit))
        expect(compareReports({ unit, report: kept }, other)).toBeGreaterThanOrEqual(0);
    }
  });

  test("shows the first of the reports, and keeps the other beside it", () => {
    const job = merged(view(report("db/0", "running", 4)), view(report("db/1", "failed", 2)));
    expect(job.phase).toBe("failed");
    expect(job.reports.map(({ unit }) => unit)).toEqual(["db/1", "db/0"]);
  });

  test("of nothing is a request", () => {
    expect(merged(view(), view()).phase).toBe("requested");
  });
});
