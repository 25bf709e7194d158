import { fc, test as property } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { endPhases, isEnd, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { foldJournal, jobKey, type JournalRecord } from "../../provider/journal.ts";
import { planDispatch, type ProviderView, type RelationView } from "../../provider/plan.ts";

const relations = ["database-backup:1", "database-backup:2"] as const;
const storage = { bucket: "b", credentials: new Credentials("AKIACANARY", "secret-canary") };
const failure = { code: "request-invalid", message: "bad", remedy: "Mend it." };
const problem = { field: "jobs[7]", message: "jobs[7] is no object.", remedy: "Make it one." };

/** The lists of a relation while they are filled. */
type Lists = { -readonly [K in "requests" | "rejected" | "reports"]: RelationView[K][number][] };

/** What is known of one possible job: in its databags, and in the journal. */
const facts = fc.record({
  request: fc.constantFrom("none", "accepted", "accepted", "rejected"),
  restore: fc.boolean(),
  report: fc.option(fc.constantFrom<Phase>(...phasesAtWork, ...endPhases), { nil: undefined, freq: 2 }),
  entry: fc.option(fc.constantFrom<Phase>(...phasesAtWork, ...endPhases), { nil: undefined, freq: 2 }),
  running: fc.boolean(),
  ticket: fc.option(fc.nat(1000), { nil: undefined }),
  place: fc.nat(1000),
});
const jobs = fc.array(fc.tuple(facts, fc.constantFrom(...relations), fc.constantFrom("a", "b", "c", "d")), {
  maxLength: 8,
});

const views: fc.Arbitrary<ProviderView> = fc
  .record({ jobs, unreadable: fc.subarray([...relations]), plannedUnits: fc.constantFrom(1, 1, 1, 2) })
  .map(({ jobs: all, unreadable, plannedUnits }) => {
    const unique = [...new Map(all.map((job) => [jobKey(job[1], job[2]), job])).values()];
    const records: JournalRecord[] = [];
    const running = new Set<number>();
    const tickets = new Set<number>();
    const view = new Map<string, Lists>(
      relations.map((id) => [id, { requests: [], rejected: [], reports: [] }]),
    );
    for (const [{ request, restore, report, entry, running: runs, ticket }, relation, id] of unique) {
      const base = { id, compression: true, storage };
      const asked = restore
        ? ({ ...base, type: "restore", artefactPath: "/x/" } as const)
        : ({ ...base, type: "backup", backupType: "full" } as const);
      if (request === "accepted") view.get(relation)?.requests.push(asked);
      if (request === "rejected")
        view.get(relation)?.rejected.push({ id, type: asked.type, storage: { bucket: "b" }, failure });
      if (report !== undefined)
        view.get(relation)?.reports.push({ id, type: asked.type, storage: { bucket: "b" }, phase: report });
      if (ticket !== undefined && !tickets.has(ticket)) {
        tickets.add(ticket);
        records.push({ record: "ticket", ticket, relation, job: id });
      }
      if (entry === undefined) continue;
      const fence = records.length + 1;
      records.push({ record: "started", fence, relation, request: asked });
      records.push({ record: "progress", fence, progress: { phase: entry } });
      if (!isEnd(entry) && runs) running.add(fence);
    }
    return {
      now: "2026-03-01T10:00:00Z",
      plannedUnits,
      relations: relations.map((id) => ({
        id,
        application: "manager",
        ...(view.get(id) ?? { requests: [], rejected: [], reports: [] }),
        problems: unreadable.includes(id) ? [problem] : [],
      })),
      journal: foldJournal(records),
      running,
    };
  });

/** The keys of the jobs that the journal, or a report in the databag, knows. */
function knownJobs(view: ProviderView): ReadonlySet<string> {
  return new Set([
    ...[...view.journal.entries.values()].map(({ relation, request }) => jobKey(relation, request.id)),
    ...view.relations.flatMap(({ id, reports }) => reports.map((report) => jobKey(id, report.id))),
  ]);
}

const reportOf = (reports: readonly JobReport[] | undefined, id: string): JobReport | undefined =>
  reports?.find((report) => report.id === id);

describe("whatever a dispatch finds", () => {
  property.prop([views])(
    "it starts nothing that is known, and nothing beside an open job or other units",
    (view) => {
      const { next, recover } = planDispatch(view);
      const open = [...view.journal.entries.values()].filter(({ progress }) => !isEnd(progress.phase));
      if (next !== undefined) {
        expect(knownJobs(view)).not.toContain(jobKey(next.relation, next.request.id));
        expect(open).toEqual([]);
        expect(view.plannedUnits).toBe(1);
        expect([...view.journal.entries.keys()].every((fence) => fence < next.fence)).toBe(true);
        expect(view.relations.find(({ id }) => id === next.relation)?.requests).toContain(next.request);
      } else if (open.length === 0 && view.plannedUnits === 1) {
        const known = knownJobs(view);
        const unknown = view.relations.flatMap(({ id, requests }) =>
          requests.filter((one) => !known.has(jobKey(id, one.id))),
        );
        expect(unknown).toEqual([]);
      }
      expect(recover === undefined).toBe(
        open.length === 0 || open.some(({ fence }) => view.running.has(fence)),
      );
      if (recover !== undefined) expect(open).toContain(recover);
    },
  );

  property.prop([views])("it takes the oldest ticket, and hands out new ones after all others", (view) => {
    const { next, records } = planDispatch(view);
    const after = foldJournal([...view.journal.tickets.values(), ...records]).tickets;
    const numbers = [...after.values()].map(({ ticket }) => ticket);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(records.every(({ record }) => record === "ticket")).toBe(true);
    for (const [key, ticket] of view.journal.tickets) expect(after.get(key)).toEqual(ticket);
    const known = knownJobs(view);
    const waiting = view.relations.flatMap(({ id, requests }) =>
      requests.map((request) => jobKey(id, request.id)).filter((key) => !known.has(key)),
    );
    const places = waiting.map((key) => after.get(key)?.ticket ?? Number.NaN);
    expect(places.every(Number.isInteger)).toBe(true);
    if (next === undefined) return;
    expect(after.get(jobKey(next.relation, next.request.id))?.ticket).toBe(Math.min(...places));
  });

  property.prop([views])("it hands out no ticket twice", (view) => {
    const { records } = planDispatch(view);
    const journal = foldJournal([...view.journal.tickets.values(), ...records]);
    expect(planDispatch({ ...view, journal: { ...view.journal, tickets: journal.tickets } }).records).toEqual(
      [],
    );
  });

  property.prop([views])("it lets every end that stands beside its request stand as it is", (view) => {
    const plan = planDispatch(view);
    for (const { id: relation, reports, requests, rejected } of view.relations) {
      for (const before of reports) {
        if (!isEnd(before.phase) || ![...requests, ...rejected].some(({ id }) => id === before.id)) continue;
        expect(reportOf(plan.reports.get(relation), before.id)).toBe(before);
      }
    }
  });

  property.prop([views])("it reports each job once, and those of standing requests completely", (view) => {
    const plan = planDispatch(view);
    for (const { id: relation, requests, rejected, reports: before } of view.relations) {
      const reports = plan.reports.get(relation) ?? [];
      const ids = reports.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { id } of rejected) expect(ids).toContain(id);
      for (const { id } of requests) {
        const entry = [...view.journal.entries.values()].find(
          (one) => one.relation === relation && one.request.id === id,
        );
        const stood = reportOf(before, id);
        expect(ids.includes(id)).toBe(entry !== undefined || stood !== undefined);
        if (stood !== undefined && isEnd(stood.phase)) continue;
        if (entry !== undefined)
          expect(reportOf(reports, id)).toMatchObject({ ...entry.progress, fence: entry.fence });
        else if (stood !== undefined) expect(reportOf(reports, id)?.phase).toBe("lost");
      }
    }
  });

  property.prop([views])("it drops the report of a request that is gone, where all could be read", (view) => {
    const plan = planDispatch(view);
    for (const { id: relation, requests, rejected, reports, problems } of view.relations) {
      const asked = new Set([...requests, ...rejected].map(({ id }) => id));
      for (const before of reports) {
        if (asked.has(before.id)) continue;
        expect(reportOf(plan.reports.get(relation), before.id)).toEqual(
          problems.length > 0 ? before : undefined,
        );
      }
    }
  });

  property.prop([views])("it comes to the same once its reports stand", (view) => {
    const plan = planDispatch(view);
    const standing = view.relations.map((one) => ({ ...one, reports: plan.reports.get(one.id) ?? [] }));
    const again = planDispatch({ ...view, now: "2026-03-01T11:00:00Z", relations: standing });
    expect(again.reports).toEqual(plan.reports);
    expect(again.recover).toBe(plan.recover);
    expect(again.status).toEqual(plan.status);
    if (!isDropped(view)) expect(again.next).toEqual(plan.next);
  });

  property.prop([views])("it shows no credentials", (view) => {
    const { reports, records, status } = planDispatch(view);
    expect(JSON.stringify([[...reports], records, status])).not.toMatch(/canary/i);
  });
});

/** Whether a report goes whose request is gone; it cannot come to anything, for its request is gone. */
function isDropped({ relations: all }: ProviderView): boolean {
  return all.some(({ reports, requests, rejected }) =>
    reports.some(({ id }) => ![...requests, ...rejected].some((one) => one.id === id)),
  );
}
