/**
 * Goes through every state that can be reached, or through so many of them, the nearest first.
 */
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { firstState, type Beginning, type ExhaustiveFault, type State } from "./exhaustive-state.ts";
import { isAtRest, missingIn, nextStates } from "./exhaustive-steps.ts";

/** What is searched. */
export interface Scope extends Beginning {
  /** What may go wrong, once each. Default: nothing. */
  readonly faults?: readonly ExhaustiveFault[];
  readonly rules?: Rules;
  /** How many states at most. Default: all there are. */
  readonly most?: number;
}

/** What came of a search. */
export interface Search {
  readonly states: number;
  /** Whether there are no other ones. */
  readonly isWhole: boolean;
  readonly wrong: string | undefined;
}

/** Searches. A search to its end finds, too, whether everything can come to an end from each of the states. */
export function search({
  types,
  primary,
  faults = [],
  rules = shippedRules,
  most = Infinity,
}: Scope): Search {
  const first = firstState({ types, primary }, faults);
  const numbers = new Map([[JSON.stringify(first), 0]]);
  /** By state: those from which it can come. */
  const before: number[][] = [[]];
  const resting: number[] = [];
  const found = (wrong: string | undefined, isWhole = false): Search => ({
    states: numbers.size,
    isWhole,
    wrong,
  });
  let frontier: (readonly [number, State])[] = [[0, first]];
  while (frontier.length > 0) {
    const later: (readonly [number, State])[] = [];
    for (const [from, state] of frontier) {
      if (state.wrong !== null) return found(state.wrong);
      if (isAtRest(state, rules)) {
        const missing = missingIn(state);
        if (missing !== undefined) return found(missing);
        resting.push(from);
      }
      for (const next of nextStates(state, rules)) {
        const text = JSON.stringify(next);
        const known = numbers.get(text);
        if (known !== undefined) {
          before[known]?.push(from);
          continue;
        }
        if (numbers.size >= most) return found(undefined);
        const to = numbers.size;
        numbers.set(text, to);
        before.push([from]);
        later.push([to, next]);
      }
    }
    frontier = later;
  }
  const canRest = new Set(resting);
  for (const state of canRest) for (const from of before[state] ?? []) canRest.add(from);
  return found(canRest.size === numbers.size ? undefined : "there are states that never come to rest", true);
}
