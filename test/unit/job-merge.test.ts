import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { compareReports, joinJobs, type UnitReport } from "../../lib/job/job.ts";
import { endPhases, isEnd, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";

const relation = "database-backup:3";

function report(unit: string, phase: Phase, fence?: number, id = "a"): UnitReport {
  const said: JobReport = { id, type: "backup", storage: { bucket: "b" }, phase };
  return { unit, report: fence === undefined ? said : { ...said, fence } };
}

function request(id: string): BackupRequest {
  const storage = { bucket: "b", credentials: new Credentials("k", "s") };
  return { id, type: "backup", backupType: "full", compression: true, storage };
}

function phaseShown(...reports: readonly UnitReport[]): Phase | undefined {
  return joinJobs(relation, [request("a")], reports)[0]?.phase;
}

const phases = fc.constantFrom<Phase>(...phasesAtWork, ...endPhases);
const units = fc.constantFrom("db/0", "db/1", "db/2", "db/10");
const fences = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
const ids = fc.constantFrom("a", "b", "c");
/** A unit has one report of a job. */
const reports = fc.uniqueArray(
  fc.tuple(units, phases, fences, ids).map(([unit, phase, fence, id]) => report(unit, phase, fence, id)),
  { selector: ({ unit, report: { id } }) => `${unit} ${id}`, maxLength: 8 },
);
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
    const [job] = joinJobs(relation, [], [report("db/0", "failed", 1), report("db/1", "failed", 1)]);
    expect(job?.reports.map(({ unit }) => unit)).toEqual(["db/1", "db/0"]);
  });

  test("the one further on counts while both are at work", () => {
    expect(phaseShown(report("db/1", "starting", 1), report("db/0", "finalizing", 1))).toBe("finalizing");
    expect(phaseShown(report("db/1", "starting", 1), report("db/0", "running", 1))).toBe("running");
  });
});

describe("joining", () => {
  property.prop([reports, fc.infiniteStream(fc.nat())])(
    "does not depend on the order in which reports are seen",
    (seen, dice) => {
      const shuffled = seen
        .map((item) => ({ item, place: dice.next().value ?? 0 }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ item }) => item);
      const requests = [request("a"), request("b"), request("c")];
      expect(joinJobs(relation, requests, shuffled)).toEqual(joinJobs(relation, requests, seen));
    },
  );

  property.prop([reports])("does not depend on how often reports are seen", (seen) => {
    const summary = (again: readonly UnitReport[]): unknown =>
      joinJobs(relation, [], again).map(({ id, phase, reports: [shown] }) => [id, phase, shown]);
    expect(summary([...seen, ...seen])).toEqual(summary(seen));
  });

  property.prop([reports, reports])("never takes an end back when more is seen", (before, more) => {
    const ended = joinJobs(relation, [], before).filter(({ phase }) => isEnd(phase));
    const after = new Map(joinJobs(relation, [], [...before, ...more]).map(({ id, phase }) => [id, phase]));
    for (const { id, phase } of ended) {
      const now = after.get(id);
      expect(now !== undefined && isEnd(now)).toBe(true);
      if (phase !== "lost") expect(now).not.toBe("lost");
    }
  });

  property.prop([reports, reports])("of two halves is joining the whole", (left, right) => {
    const shownOf = (seen: readonly UnitReport[]): readonly UnitReport[] =>
      joinJobs(relation, [], seen).flatMap(({ reports: [shown] }) => (shown === undefined ? [] : [shown]));
    const byId = (a: UnitReport, b: UnitReport): number => (a.report.id < b.report.id ? -1 : 1);
    const halves = shownOf([...shownOf(left), ...shownOf(right)]).toSorted(byId);
    expect(halves).toEqual(shownOf([...left, ...right]).toSorted(byId));
  });

  test("keeps the requests' order, and lets reports without a request follow in theirs", () => {
    const seen = [
      report("db/0", "failed", 1, "z"),
      report("db/0", "running", 2, "b"),
      report("db/0", "lost", 3, "y"),
    ];
    const jobs = joinJobs(relation, [request("c"), request("b"), request("a")], seen);
    expect(jobs.map(({ id }) => id)).toEqual(["c", "b", "a", "z", "y"]);
    expect(jobs.map(({ phase }) => phase)).toEqual(["requested", "running", "requested", "failed", "lost"]);
    expect(jobs.map((job) => "request" in job)).toEqual([true, true, true, false, false]);
    expect(jobs.every((job) => job.relation === relation)).toBe(true);
  });

  property.prop([reports])("keeps every report of every job", (seen) => {
    const kept = joinJobs(relation, [request("b")], seen).flatMap((job) => {
      expect(job.reports.every(({ report: { id } }) => id === job.id)).toBe(true);
      return job.reports;
    });
    expect(new Set(kept)).toEqual(new Set(seen));
    expect(kept).toHaveLength(seen.length);
  });

  test("shows the first of the reports", () => {
    const [job] = joinJobs(relation, [], [report("db/0", "running", 4), report("db/1", "failed", 2)]);
    expect(job?.phase).toBe("failed");
    expect(job?.reports[0]?.unit).toBe("db/1");
  });

  test("gives no jobs where there is neither request nor report", () => {
    expect(joinJobs(relation, [], [])).toEqual([]);
  });
});
