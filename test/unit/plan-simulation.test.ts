import { fc, test as property } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { isEnd, type Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import type { RejectedRequest } from "../../lib/wire/requests.ts";
import { compactJournal, foldJournal, jobKey, type JournalRecord } from "../../provider/journal.ts";
import { planDispatch, type ProviderView } from "../../provider/plan.ts";

const storage = { bucket: "b", credentials: new Credentials("", "") };
const failure = { code: "request-invalid", message: "bad", remedy: "Mend it." };

interface Relation {
  readonly id: string;
  requests: JobRequest[];
  rejected: RejectedRequest[];
  /** What stands in the unit's databag. */
  reports: readonly JobReport[];
}

interface Worker {
  readonly fence: number;
  readonly task: "run" | "recover";
  phase: Phase;
}

/** How a dispatch ends: well, with its databag writes dropped, or killed between the journal and the worker's start. */
type Fate = "commits" | "fails" | "killed";

/** A unit and what is around it: databags that a failed hook does not change, a disk that keeps, workers that die. */
class World {
  readonly relations: readonly Relation[] = ["database-backup:1", "database-backup:2"].map((id) => ({
    id,
    requests: [],
    rejected: [],
    reports: [],
  }));
  readonly starts: string[] = [];
  /** In the order in which a dispatch first saw them. */
  readonly arrivals: string[] = [];
  readonly withdrawn = new Set<string>();
  journal: readonly JournalRecord[] = [];
  worker: Worker | undefined;
  #jobs = 0;

  request(dice: number): void {
    const relation = this.relations[dice % 2];
    const id = dice % 3 === 0 ? `job-${dice % 5}` : `job-${5 + this.#jobs++}`;
    if (
      relation === undefined ||
      this.#asked(relation).has(id) ||
      this.withdrawn.has(jobKey(relation.id, id))
    )
      return;
    relation.requests.push({ id, type: "backup", backupType: "full", compression: true, storage });
  }

  /** The requirer edits a request into one that cannot be accepted. */
  spoil(dice: number): void {
    const relation = this.relations[dice % 2];
    const spoilt = relation?.requests[dice % Math.max(1, relation.requests.length)];
    if (relation === undefined || spoilt === undefined) return;
    relation.requests = relation.requests.filter((request) => request !== spoilt);
    relation.rejected.push({ id: spoilt.id, type: "backup", storage: { bucket: "b" }, failure });
  }

  /** The requirer takes back a request whose job's end it can see. */
  withdraw(dice: number): void {
    const relation = this.relations[dice % 2];
    const ended = relation?.reports.filter(({ phase }) => isEnd(phase)) ?? [];
    const id = ended[dice % Math.max(1, ended.length)]?.id;
    if (relation === undefined || id === undefined) return;
    this.withdrawn.add(jobKey(relation.id, id));
    relation.requests = relation.requests.filter((request) => request.id !== id);
    relation.rejected = relation.rejected.filter((request) => request.id !== id);
  }

  work(dice: number): void {
    if (this.worker === undefined) return;
    const { fence, task, phase } = this.worker;
    const next: Phase =
      task === "recover"
        ? "lost"
        : phase === "starting"
          ? "running"
          : phase === "running" && dice % 2 === 0
            ? "finalizing"
            : ((["succeeded", "failed"] as const)[dice % 2] ?? "failed");
    this.#write({ record: "progress", fence, progress: { phase: next } });
    if (isEnd(next)) this.worker = undefined;
    else this.worker.phase = next;
  }

  /** The process is gone: killed, or it could not clean up and said so. */
  die(dice: number): void {
    if (this.worker?.task === "recover" && dice % 2 === 0) {
      const { fence } = this.worker;
      this.#write({
        record: "progress",
        fence,
        progress: { phase: "running", errorCode: "x", message: "no" },
      });
    }
    this.worker = undefined;
  }

  dispatch(fate: Fate, ready: boolean): void {
    const view = this.view();
    const known = foldJournal(this.journal);
    for (const relation of this.relations) {
      for (const { id } of relation.requests) {
        const key = jobKey(relation.id, id);
        const reported = relation.reports.some((report) => report.id === id);
        const entered = [...known.entries.values()].some(
          (entry) => jobKey(entry.relation, entry.request.id) === key,
        );
        if (!this.arrivals.includes(key) && !reported && !entered) this.arrivals.push(key);
      }
    }
    const plan = planDispatch(view);
    for (const record of plan.records) this.#write(record);
    let changed = plan.records.length > 0;
    if (plan.recover !== undefined) {
      expect(this.worker).toBeUndefined();
      if (fate === "killed") return;
      this.worker = { fence: plan.recover.fence, task: "recover", phase: plan.recover.progress.phase };
      changed = true;
    } else if (plan.next !== undefined && ready) {
      expect(this.worker).toBeUndefined();
      const { fence, relation, request } = plan.next;
      this.#write({ record: "started", fence, relation, request });
      this.starts.push(jobKey(relation, request.id));
      if (fate === "killed") return;
      this.worker = { fence, task: "run", phase: "starting" };
      changed = true;
    }
    if (fate !== "commits") return;
    const after = changed ? planDispatch(this.view()) : plan;
    for (const relation of this.relations) this.#publish(relation, after.reports.get(relation.id) ?? []);
    if (!changed && this.worker === undefined) this.#compact();
  }

  view(): ProviderView {
    return {
      now: "2026-03-01T10:00:00Z",
      plannedUnits: 1,
      relations: this.relations.map((relation) => ({ ...relation, application: "manager", problems: [] })),
      journal: foldJournal(this.journal),
      running: new Set(this.worker === undefined ? [] : [this.worker.fence]),
    };
  }

  #publish(relation: Relation, reports: readonly JobReport[]): void {
    const asked = this.#asked(relation);
    for (const before of relation.reports) {
      if (!isEnd(before.phase) || !asked.has(before.id)) continue;
      expect(reports.find(({ id }) => id === before.id)).toEqual(before);
    }
    relation.reports = reports;
  }

  #compact(): void {
    const standing = new Set(
      this.relations.flatMap((one) => [...this.#asked(one)].map((id) => jobKey(one.id, id))),
    );
    this.journal = compactJournal(foldJournal(this.journal), standing);
  }

  #asked(relation: Relation): ReadonlySet<string> {
    return new Set([...relation.requests, ...relation.rejected].map(({ id }) => id));
  }

  #write(record: JournalRecord): void {
    this.journal = [...this.journal, record];
  }
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      "request",
      "request",
      "spoil",
      "withdraw",
      "work",
      "work",
      "work",
      "die",
      "dispatch",
      "dispatch",
      "dispatch",
    ),
    fate: fc.constantFrom<Fate>("commits", "commits", "fails", "killed"),
    ready: fc.oneof(
      { weight: 4, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
    dice: fc.nat(1000),
  }),
  { maxLength: 120 },
);

describe("a unit that goes through anything", () => {
  property.prop([steps], { numRuns: 300 })(
    "starts each job at most once, in order, and ends every one",
    (story) => {
      const world = new World();
      for (const { what, fate, ready, dice } of story) {
        if (what === "dispatch") world.dispatch(fate, ready);
        else world[what](dice);
      }
      for (let round = 0; round < 400; round += 1) {
        world.work(1);
        world.dispatch("commits", true);
      }
      world.dispatch("commits", true);

      expect(new Set(world.starts).size).toBe(world.starts.length);
      expect(world.starts).toEqual(world.arrivals.filter((key) => world.starts.includes(key)));
      expect(world.worker).toBeUndefined();
      for (const { requests, rejected, reports } of world.relations) {
        const ended = reports.filter(({ phase }) => isEnd(phase)).map(({ id }) => id);
        expect(new Set(ended)).toEqual(new Set([...requests, ...rejected].map(({ id }) => id)));
        expect(reports).toHaveLength(ended.length);
      }
      // What the journal says of an end is what the databag says of it.
      for (const { relation, request, progress } of foldJournal(world.journal).entries.values()) {
        const report = world.relations
          .find(({ id }) => id === relation)
          ?.reports.find(({ id }) => id === request.id);
        if (report !== undefined) expect(report.phase).toBe(progress.phase);
      }
    },
  );
});
