import { expect, test } from "vitest";
import { shownTable } from "../package/shown-table.ts";
import { search, type Search } from "./exhaustive-search.ts";
import { byOther, exhaustiveFaults, type ExhaustiveFault } from "./exhaustive-state.ts";

// The states that two units can come to where two things go wrong, those nearest to the beginning.

const most = 50_000;
const searches = new Map<string, Search>();
const pairs = exhaustiveFaults.flatMap((first, n) =>
  exhaustiveFaults.slice(n).map((second) => [first, second] as const),
);

test.each(exhaustiveFaults)("the protocol holds when two things go wrong: %s, and another one", (fault) => {
  for (const pair of pairs.filter(([first]) => first === fault)) {
    const found = search({ ...byOther, faults: pair, most });
    expect([pair, found.wrong]).toEqual([pair, undefined]);
    searches.set(pair.join(), found);
  }
});

test("the page on coordination says how many states there are", () => {
  const rowOf = (name: string, of: readonly (readonly ExhaustiveFault[])[]): readonly string[] => {
    const found = of.map((pair) => searches.get(pair.join()));
    const states = found.reduce((sum, each) => sum + (each?.states ?? 0), 0);
    const whole = found.filter((each) => each?.isWhole === true).length;
    return [name, String(states), `${whole} of ${of.length}`];
  };
  const header = ["what goes wrong, with one thing more", "states", "pairs searched to their end"];
  const rows = exhaustiveFaults.map((fault) => {
    const having = pairs.filter((pair) => pair.includes(fault));
    return rowOf(fault, having);
  });
  const table = [header, ...rows, rowOf("all pairs", pairs)];
  expect(shownTable("docs/explanation/coordination.md", "pairs", table)).toEqual(table);
});
