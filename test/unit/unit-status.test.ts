import { describe, expect, test } from "vitest";
import type { Wait } from "../../provider/coordination/wait.ts";
import type { JournalRecord } from "../../provider/journal/journal.ts";
import { unitStatus, type StatusView } from "../../provider/unit-status.ts";
import {
  asking,
  backup,
  endedAs,
  grantOf,
  grantsOf,
  journalOf,
  relation,
  restore,
} from "./coordination-views.ts";

const grant = grantOf(backup());
const running = grantsOf(grant);
const problem = { field: "jobs[0]", message: "jobs[0] has no job-id.", remedy: "Write one." };

function view(fields: Partial<StatusView> = {}): StatusView {
  return {
    journal: journalOf([]),
    running: new Set(),
    standing: { ready: true },
    waiting: [],
    incarnations: new Map([["db/0", "life-0"]]),
    blockedBy: undefined,
    relations: [asking([])],
    ...fields,
  };
}

function waits(wait: Wait): StatusView["waiting"] {
  return [{ relation, application: "manager", request: backup(), wait }];
}

function troubled(errorCode: string, message?: string): JournalRecord {
  const { lineage, fence } = grant;
  const said = message === undefined ? {} : { message };
  return { record: "progress", lineage, fence, progress: { phase: "running", errorCode, ...said } };
}

const opened = journalOf([{ grant, request: backup() }]);
const noUnit: Wait = { kind: "no-unit", refusals: ["db/1: it starts"] };

describe("a unit's status", () => {
  test("is the charm's own where nothing is the matter", () => {
    expect(unitStatus(view())).toBeUndefined();
    const ended = journalOf([{ grant, request: backup() }], [endedAs(grant, "failed")]);
    expect(unitStatus(view({ journal: ended }))).toBeUndefined();
  });

  test.each<[string, Partial<StatusView>, string, string]>([
    ["runs a backup", { journal: opened, running }, "maintenance", "creating backup"],
    [
      "runs a restore",
      { journal: journalOf([{ grant, request: restore() }]), running },
      "maintenance",
      "restoring backup",
    ],
    ["cleans up", { journal: opened }, "maintenance", "cleaning up after backup job job"],
    [
      "could not clean up, and says why",
      {
        journal: journalOf([{ grant, request: backup() }], [troubled("disk-full", "The disk is full.")]),
        running,
      },
      "blocked",
      "job job: The disk is full.",
    ],
    [
      "could not clean up, and knows a code alone",
      { journal: journalOf([{ grant, request: backup() }], [troubled("disk-full")]) },
      "blocked",
      "job job: disk-full",
    ],
    [
      "is barred by a grant to the unit before it",
      { blockedBy: grant },
      "blocked",
      "job job was granted to the unit that was db/0 before: run release-grant fence=5 once its machine is off",
    ],
    [
      "takes jobs, and yet something is wrong",
      { waiting: waits(noUnit), standing: { ready: true, problem: "There is no database." } },
      "blocked",
      "There is no database.",
    ],
    [
      "is not ready for the job that waits",
      { waiting: waits(noUnit), standing: { ready: false, reason: "it starts" } },
      "waiting",
      "a job waits: it starts",
    ],
    [
      "is ready, and no unit can take the job",
      { waiting: waits(noUnit) },
      "waiting",
      "a job waits: no unit can take it",
    ],
    [
      "is not ready, and cannot say why",
      { waiting: waits(noUnit), standing: { ready: false } },
      "waiting",
      "a job waits: no unit can take it",
    ],
    [
      "leads two units that are one by what they say",
      {
        incarnations: new Map([
          ["db/2", "life-0"],
          ["db/1", "life-1"],
          ["db/0", "life-0"],
        ]),
      },
      "active",
      "db/0 and db/2 are on copies of one disk: remove one of the two, and add another unit for it",
    ],
    [
      "cannot read a request",
      { relations: [asking([]), asking([], { problems: [problem] })] },
      "active",
      "unusable request from manager (database-backup:1): jobs[0] has no job-id.",
    ],
  ])("of one that %s", (_, fields, name, message) => {
    expect(unitStatus(view(fields))).toEqual({ name, message });
  });

  test("says nothing of jobs that wait their turn", () => {
    expect(
      unitStatus(view({ waiting: waits({ kind: "for-granted", grant, isGone: false }) })),
    ).toBeUndefined();
  });

  test("says first what is done, then what bars, then what waits, then what is unusable", () => {
    const relations = [asking([], { problems: [problem] })];
    const waiting = waits(noUnit);
    const all = { relations, waiting, blockedBy: grant, journal: opened, running };
    const names = [
      unitStatus(view(all)),
      unitStatus(view({ ...all, journal: journalOf([]) })),
      unitStatus(view({ relations, waiting })),
      unitStatus(view({ relations })),
    ].map((status) => status?.name);
    expect(names).toEqual(["maintenance", "blocked", "waiting", "active"]);
  });
});
