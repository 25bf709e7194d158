import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { RepositoryBackup } from "../../provider/postgresql/pgbackrest/pgbackrest-info.ts";
import {
  chooseBackup,
  chooseTimeline,
  liesOn,
  type Decision,
  type RestorePlan,
  type RestoreSource,
  type RestoreWish,
} from "../../provider/postgresql/checks/restore-target.ts";
import { parseHistory, type Ancestor } from "../../provider/postgresql/pgbackrest/timeline-history.ts";

const second = 1_000_000;

function backup(label: string, changes: Partial<RepositoryBackup> = {}): RepositoryBackup {
  return {
    label,
    type: "full",
    startedAt: 90,
    finishedAt: 100,
    timeline: 1,
    reference: undefined,
    startLsn: 1n,
    stopLsn: 1_000n,
    repositoryBytes: 10,
    databaseBytes: 100,
    failed: false,
    databaseId: 1,
    ...changes,
  };
}

/** Timeline 1 from 0, left at LSN 2000 by 2; timeline 3 left 1 as well, at LSN 1500, so that it lacks backup B. */
const histories = new Map<number, readonly Ancestor[]>([
  [2, [{ timeline: 1, endLsn: 2_000n }]],
  [3, [{ timeline: 1, endLsn: 1_500n }]],
]);
const source: RestoreSource = {
  backups: [
    backup("A"),
    backup("B", { startedAt: 190, finishedAt: 200, stopLsn: 1_800n }),
    backup("C", { startedAt: 390, finishedAt: 400, stopLsn: 2_500n, timeline: 2 }),
  ],
  timelines: [
    { timeline: 2, recordedAt: 300 },
    { timeline: 3, recordedAt: 500 },
  ],
};

function resolve(wish: RestoreWish, from: RestoreSource = source): Decision<RestorePlan> {
  const ancestorsOf = (timeline: number): readonly Ancestor[] => histories.get(timeline) ?? [];
  const timeline = chooseTimeline(wish, from, ancestorsOf);
  return timeline.decided ? chooseBackup(wish, timeline.value, ancestorsOf(timeline.value), from) : timeline;
}

function plan(wish: RestoreWish, from?: RestoreSource): string {
  const decision = resolve(wish, from);
  if (!decision.decided) return decision.failure.code;
  const { backup: base, timeline, target } = decision.value;
  return `${base.label} on ${timeline}, ${target.kind}`;
}

describe("a restore's target", () => {
  it.each<[string, RestoreWish, string]>([
    ["a backup alone is restored on its own timeline", { backupId: "A" }, "A on 1, backup"],
    ["a backup of a later timeline too", { backupId: "C" }, "C on 2, backup"],
    ["a time takes the last backup before it", { time: 250 * second }, "B on 1, time"],
    ["a time after a new timeline began follows that", { time: 350 * second }, "B on 2, time"],
    ["a time after a backup on the new timeline", { time: 450 * second }, "C on 2, time"],
    ["a timeline that left before a backup lacks it", { time: 600 * second }, "A on 3, time"],
    ["latest is the end of the newest timeline", { time: "latest" }, "A on 3, latest"],
    ["a named timeline is followed", { time: "latest", timeline: 2 }, "C on 2, latest"],
    ["also to a time", { time: 600 * second, timeline: 1 }, "B on 1, time"],
    ["a backup and a time", { backupId: "A", time: 250 * second }, "A on 1, time"],
    ["a backup and a time on a later timeline", { backupId: "A", time: 350 * second }, "A on 2, time"],
    [
      "a backup off the timeline of the time keeps its own",
      { backupId: "B", time: 600 * second },
      "B on 1, time",
    ],
    ["a backup and latest", { backupId: "C", time: "latest" }, "C on 2, latest"],
    [
      "a backup and a timeline that lacks it",
      { backupId: "B", time: "latest", timeline: 3 },
      "restore-backup-not-on-timeline",
    ],
    ["a backup that does not exist", { backupId: "Z" }, "restore-backup-unknown"],
    ["a timeline that does not exist", { time: "latest", timeline: 4 }, "restore-timeline-unknown"],
    ["a time before the first backup", { time: 50 * second }, "restore-time-too-early"],
    ["a time before the named backup", { backupId: "B", time: 150 * second }, "restore-time-too-early"],
    ["nothing", {}, "restore-target-missing"],
  ])("%s", (_, wish, expected) => {
    expect(plan(wish)).toBe(expected);
  });

  it("begins with the second after the backup's end, which is known in whole seconds", () => {
    expect(plan({ time: 101 * second - 1 })).toBe("restore-time-too-early");
    expect(plan({ time: 101 * second })).toBe("A on 1, time");
    expect(plan({ time: 201 * second - 1 })).toBe("A on 1, time");
    expect(plan({ time: 201 * second })).toBe("B on 1, time");
  });

  it("names the earliest time that is possible", () => {
    const decision = resolve({ time: 50 * second });
    expect(decision).toMatchObject({ failure: { remedy: "Give 1970-01-01T00:01:41Z or a later time." } });
  });

  it("names the backups there are", () => {
    expect(resolve({ backupId: "Z" })).toMatchObject({
      failure: { message: "Invalid backup-id: Z. The repository has A, B, C." },
    });
  });

  it("leaves damaged backups out", () => {
    const damaged = {
      ...source,
      backups: source.backups.map((one) => ({ ...one, failed: one.label === "B" })),
    };
    expect(plan({ time: 250 * second }, damaged)).toBe("A on 1, time");
    expect(plan({ backupId: "B" }, damaged)).toBe("restore-backup-unknown");
  });

  it("says so where there are no backups", () => {
    expect(plan({ backupId: "A" }, { backups: [], timelines: [] })).toBe("restore-no-backups");
    expect(plan({ time: "latest" }, { backups: [], timelines: [] })).toBe("restore-no-backups");
  });

  it("compares timelines as numbers, not as hexadecimal text", () => {
    const many: RestoreSource = {
      backups: [9, 10, 15, 16, 255].map((timeline) =>
        backup(`T${timeline}`, { timeline, startedAt: timeline, finishedAt: timeline }),
      ),
      timelines: [],
    };
    expect(plan({ time: "latest" }, many)).toBe("T255 on 255, latest");
    expect(plan({ time: 12 * second }, many)).toBe("T10 on 10, time");
    expect(plan({ time: "latest", timeline: 16 }, many)).toBe("T16 on 16, latest");
  });
});

describe("a history file", () => {
  it("is read with comments and reasons left out", () => {
    expect(
      parseHistory("1\t0/7000088\treached consistency\n\n 10\tA/0\tbefore 2026-01-01\n# note\n"),
    ).toEqual([
      { timeline: 1, endLsn: 0x7000088n },
      { timeline: 10, endLsn: 0xan << 32n },
    ]);
  });
});

const anyBackup = fc.record({
  label: fc.uuid(),
  timeline: fc.integer({ min: 1, max: 20 }),
  startedAt: fc.integer({ min: 0, max: 1_000 }),
  took: fc.integer({ min: 0, max: 50 }),
  reference: fc.constant(undefined),
  startLsn: fc.constant(1n),
  stopLsn: fc.bigInt({ min: 0n, max: 5_000n }),
});

test.prop([fc.array(anyBackup, { maxLength: 12 }), fc.integer({ min: 0, max: 1_200 })])(
  "whatever is chosen ended before the wanted time and lies on the timeline that is followed",
  (items, at) => {
    const backups = items
      .map(({ took, ...item }) => backup(item.label, { ...item, finishedAt: item.startedAt + took }))
      .toSorted((a, b) => a.finishedAt - b.finishedAt);
    const ancestorsOf = (timeline: number): readonly Ancestor[] =>
      timeline > 1 ? [{ timeline: timeline - 1, endLsn: 2_500n }] : [];
    const wish = { time: at * second };
    const timeline = chooseTimeline(wish, { backups, timelines: [] }, ancestorsOf);
    const decision = timeline.decided
      ? chooseBackup(wish, timeline.value, ancestorsOf(timeline.value), { backups, timelines: [] })
      : timeline;
    if (!decision.decided) return;
    expect(decision.value.backup.finishedAt).toBeLessThan(at);
    expect(liesOn(decision.value.backup, decision.value.timeline, ancestorsOf(decision.value.timeline))).toBe(
      true,
    );
  },
);
