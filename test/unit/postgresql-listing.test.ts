import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { isLabel } from "../../provider/postgresql/listing/repository-entries.ts";
import { repositoryTable } from "../../provider/postgresql/listing/repository-table.ts";
import { entries, first, pathOf, second } from "./repository-contents.ts";

describe("the entries of a repository", () => {
  const crashed = "20260110-090000F_20260110-130000D";
  const running = "20260110-140000F";

  it("tell finished, failed, crashed and running backups apart, and have timelines", () => {
    const listed = entries([first.label, second.label, running, crashed], true);
    expect(listed.map((entry) => (entry.kind === "backup" ? entry.state : entry.timeline))).toEqual([
      "finished",
      "failed",
      10,
      "crashed",
      "running",
    ]);
    expect(listed[0]).toEqual({
      kind: "backup",
      id: first.label,
      stanza: "prod.pg",
      type: "full",
      state: "finished",
      startedAt: "2026-01-10T09:00:00Z",
      finishedAt: "2026-01-10T09:00:41Z",
      lsn: { start: "0/3000028", stop: "0/3000100" },
      timeline: 1,
      sizeBytes: 2_000,
      artefactPath: pathOf(first.label),
    });
    expect(listed[3]).toEqual({
      kind: "backup",
      id: crashed,
      stanza: "prod.pg",
      type: "differential",
      state: "crashed",
      startedAt: "2026-01-10T13:00:00Z",
      artefactPath: pathOf(crashed),
    });
  });

  it("say of one that nobody makes any more that it crashed", () => {
    const states = entries([running], false).map((entry) => (entry.kind === "backup" ? entry.state : ""));
    expect(states).toEqual(["finished", "failed", "", "crashed"]);
  });

  it("leave out what is no backup", () => {
    expect(["backup.info", "backup.history", "latest", ".", "20260110-09000F"].filter(isLabel)).toEqual([]);
  });
});

const label = fc
  .tuple(
    fc.date({
      min: new Date("2020-01-01T00:00:00Z"),
      max: new Date("2030-01-01T00:00:00Z"),
      noInvalidDate: true,
    }),
    fc.constantFrom("F", "D", "I"),
  )
  .map(([date, letter]) => {
    const digits = date.toISOString().replaceAll(/[-:T]|\..*/g, "");
    const own = `${digits.slice(0, 8)}-${digits.slice(8)}${letter}`;
    return letter === "F" ? own : `20190101-000000F_${own}`;
  });

test.prop([fc.uniqueArray(label, { maxLength: 8 }), fc.boolean()])(
  "each backup is listed once, in the order of time, and at most one unfinished one runs",
  (labels, runs) => {
    expect(labels.every(isLabel)).toBe(true);
    const listed = entries([...labels, first.label], runs);
    const backups = listed.filter((entry) => entry.kind === "backup");
    expect(backups.map(({ id }) => id).toSorted()).toEqual([first.label, second.label, ...labels].toSorted());
    const times = listed.map(({ startedAt }) => startedAt);
    expect(times).toEqual(times.toSorted());
    const running = backups.filter(({ state }) => state === "running");
    expect(running).toHaveLength(runs && labels.length > 0 ? 1 : 0);
  },
);

describe("the table", () => {
  it("says that there is nothing", () => {
    expect(repositoryTable([], { bucket: "b", path: "/" })).toBe(
      "Storage bucket name: b\nBackups base path: /backup/\n\nNo backups.",
    );
  });

  it("shows the newest where there are too many for an action's result", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => index).flatMap(() => entries([], false));
    const text = repositoryTable(many, { bucket: "b", path: "/" });
    expect(text).toContain("2700 older rows are not shown.");
    expect(text.length).toBeLessThan(100 * 1024);
  });
});

test.prop([fc.uniqueArray(label, { minLength: 1, maxLength: 8 })])("its columns stand in line", (labels) => {
  const lines = repositoryTable(entries(labels, true), { bucket: "b", path: "/" }).split("\n").slice(3);
  const [head = "", rule = "", ...rows] = lines;
  expect(rule).toMatch(/^-+$/);
  const stops = [...head.matchAll(/\|/g)].map(({ index }) => index);
  expect(stops).toHaveLength(8);
  for (const row of rows) expect(stops.map((index) => row.charAt(index)).join("")).toBe("||||||||");
});
