import { describe, expect, test } from "vitest";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { tableOf } from "../package/pages.ts";
import { shownTable } from "../package/shown-table.ts";
import { search } from "./exhaustive-search.ts";
import {
  byLeader,
  byOther,
  exhaustiveFaults,
  two,
  type Beginning,
  type ExhaustiveFault,
} from "./exhaustive-state.ts";

// Every state that two units can come to, each hook in its phases, with what goes wrong; and from each of them everything
// can still come to its end.

const page = "docs/explanation/coordination.md";
const isFull = process.env["LONG_TESTS"] === "all";
/** The others take minutes, with all that may go wrong. */
const beginnings = isFull ? [byLeader, byOther, two] : [byLeader];

describe("in every state", () => {
  const rows: (readonly string[])[] = [];

  test.each([null, ...exhaustiveFaults])("the protocol holds, with: %s", (fault) => {
    const searches = beginnings.map((beginning) =>
      search({ ...beginning, faults: fault === null ? [] : [fault] }),
    );
    for (const { wrong, isWhole } of searches) expect([wrong, isWhole]).toEqual([undefined, true]);
    rows.push([fault ?? "nothing", ...searches.map(({ states }) => String(states))]);
  });

  test("and the page on coordination says how many there are", () => {
    const names = ["what goes wrong, once", "restore by the leader", "by another unit", "backup and restore"];
    const header = names.slice(0, 1 + beginnings.length);
    const table = [header, ...rows];
    // The page has all columns, also where not all are known here.
    const shown = isFull ? shownTable(page, "states", table) : tableOf(page, "states");
    expect(shown.map((row) => row.slice(0, header.length))).toEqual(table);
  });
});

describe("a search finds what breaks the protocol", () => {
  type Broken = readonly [keyof Rules, Beginning, readonly ExhaustiveFault[], Partial<Rules>];
  const broken: readonly Broken[] = [
    ["notesEnd", byLeader, [], { notesEnd: () => false }],
    ["nextFence", { ...two, primary: null }, [], { nextFence: () => 1 }],
    ["isSilent", byLeader, [], { isSilent: () => true }],
    ["declines", byOther, ["unit is not ready"], { declines: () => false }],
    ["isFreed", byOther, ["unit is removed by force"], { isFreed: () => true }],
  ];
  const brokenByMore: readonly Broken[] = [
    ["isForMe", byOther, ["unit is made anew"], { isForMe: () => true }],
    ["carriesOver", byOther, ["disk is lost"], { carriesOver: () => false }],
    [
      "recoversBeforeLeaving",
      byOther,
      ["unit leaves", "worker is killed"],
      { recoversBeforeLeaving: () => false },
    ],
  ];

  test.each([...broken, ...(isFull ? brokenByMore : [])])("%s", (_, beginning, wrong, rules) => {
    const found = search({ ...beginning, faults: wrong, rules: { ...shippedRules, ...rules } });
    expect(found.wrong).toBeDefined();
  });
});
