import { describe, expect, test } from "vitest";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { shownTable } from "../package/shown-table.ts";
import {
  firstState,
  isAtRest,
  missingIn,
  nextStates,
  type Asked,
  type ExhaustiveFault,
  type State,
} from "./exhaustive-model.ts";

// Every state that two units can come to, each hook in its phases, with at most one thing that goes wrong; and from each of
// them everything can still come to its end.

interface Search {
  readonly states: number;
  readonly wrong: string | undefined;
}

function search(
  types: readonly Asked["type"][],
  fault: ExhaustiveFault | null,
  rules: Rules = shippedRules,
): Search {
  const first = firstState(types, fault);
  /** By state: those from which it can come. */
  const before = new Map<string, string[]>([[JSON.stringify(first), []]]);
  const resting: string[] = [];
  const found = (wrong: string | undefined): Search => ({ states: before.size, wrong });
  let frontier: State[] = [first];
  while (frontier.length > 0) {
    const later: State[] = [];
    for (const state of frontier) {
      const from = JSON.stringify(state);
      if (state.wrong !== null) return found(state.wrong);
      if (isAtRest(state, rules)) {
        const missing = missingIn(state);
        if (missing !== undefined) return found(missing);
        resting.push(from);
      }
      for (const next of nextStates(state, rules)) {
        const to = JSON.stringify(next);
        const known = before.get(to);
        known?.push(from);
        if (known !== undefined) continue;
        before.set(to, [from]);
        later.push(next);
      }
    }
    frontier = later;
  }
  const canRest = new Set(resting);
  for (const state of canRest) for (const from of before.get(state) ?? []) canRest.add(from);
  return found(canRest.size === before.size ? undefined : "there are states that never come to rest");
}

const one: readonly Asked["type"][] = ["restore"];
const two: readonly Asked["type"][] = ["backup", "restore"];
const faults: readonly (ExhaustiveFault | null)[] = [
  null,
  "hook fails",
  "leadership moves",
  "worker is killed",
  "cancel",
  "edit",
  "request goes",
  "unit is not ready",
];
const states = new Map<string, readonly [string, string]>();

describe("in every state", () => {
  test.each(faults)("the protocol holds, with: %s", (fault) => {
    const alone = search(one, fault);
    const together = search(two, fault);
    expect([alone.wrong, together.wrong]).toEqual([undefined, undefined]);
    states.set(fault ?? "nothing", [String(alone.states), String(together.states)]);
  });

  test("and the page on coordination says how many there are", () => {
    const header = ["what goes wrong, once", "one restore", "a backup and a restore"];
    const table = [header, ...[...states].map(([fault, counts]) => [fault, ...counts])];
    expect(shownTable("docs/explanation/coordination.md", "states", table)).toEqual(table);
  });

  test.each([
    ["notesEnd", one, null, { notesEnd: () => false }],
    ["nextFence", two, null, { nextFence: () => 1 }],
    ["isForMe", one, null, { isForMe: () => false }],
    ["isSilent", one, null, { isSilent: () => true }],
  ] as const)("what breaks it is found: %s", (_, types, fault, rules) => {
    expect(search(types, fault, { ...shippedRules, ...rules }).wrong).toBeDefined();
  });
});
