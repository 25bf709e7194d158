/**
 * Verdicts: what the evidence of all traces says of each rule.
 *
 * @module
 */
import type { Evidence, Judge } from "./judges/judge.ts";
import { providerJudges } from "./judges/provider-judges.ts";
import { requirerJudges } from "./judges/requirer-judges.ts";
import type { Rule } from "./rules/rule.ts";
import { narrateUpTo } from "./trace/narration.ts";
import { tellStory, type Story } from "./trace/story.ts";
import type { Side } from "../wire/side.ts";
import type { Trace, TraceEntry } from "./trace/trace.ts";

/** A trace with the name of the scenario that it is of. */
export interface PlayedScenario {
  readonly scenario: string;
  readonly trace: Trace;
}

/** Evidence with where it showed. */
export interface Shown extends Evidence {
  readonly scenario: string;
  /** What led up to it, in words: at most so many lines as one looks at. */
  readonly story: readonly string[];
}

const shownLines = 12;

/** What came of one rule. */
export type Verdict =
  | { readonly rule: Rule; readonly verdict: "holds" | "broken"; readonly shown: Shown }
  | { readonly rule: Rule; readonly verdict: "not shown"; readonly why: string };

const judges: Readonly<Record<Side, readonly Judge[]>> = {
  provider: providerJudges,
  requirer: requirerJudges,
};

/** Finds all evidence in a trace, in the order in which it shows. */
export function judge(trace: Trace, side: Side): readonly Evidence[] {
  const story = tellStory(trace);
  return judges[side]
    .flatMap((each) => each(story))
    .filter((evidence) => evidence.verdict === "holds" || !mayBeLate(story, evidence.index))
    .toSorted((a, b) => a.index - b.index);
}

/** Whether what is missing at an entry may only be late: a charm that is slow breaks no rule. */
function mayBeLate({ trace, settled, hasty }: Story, index: number): boolean {
  const kind = trace[index]?.kind;
  if (kind !== "settled" && kind !== "told") return false;
  return hasty.has(settled.findLast((each) => each <= index) ?? -1);
}

/** Whether nothing is wrong with what is seen at the end of a trace. What went wrong before is not asked again. */
export function isContent(trace: Trace, side: Side): boolean {
  return !judge(trace, side).some(({ verdict, index }) => verdict === "broken" && index === trace.length - 1);
}

/** Gives a verdict for each rule. A rule that was broken once is broken. */
export function verdicts(
  rules: readonly Rule[],
  side: Side,
  played: readonly PlayedScenario[],
): readonly Verdict[] {
  const all = played.flatMap((scenario) =>
    judge(scenario.trace, side).map((evidence) => ({ scenario, evidence })),
  );
  return rules.map((rule): Verdict => {
    const about = all.filter(({ evidence }) => evidence.rule === rule.id);
    const shown = about.find(({ evidence }) => evidence.verdict === "broken") ?? about[0];
    if (shown !== undefined) {
      const { scenario, evidence } = shown;
      const story = narrateUpTo(scenario.trace, evidence.index, shownLines);
      return { rule, verdict: evidence.verdict, shown: { ...evidence, scenario: scenario.scenario, story } };
    }
    return { rule, verdict: "not shown", why: whyNotShown(rule, side, played) };
  });
}

function whyNotShown(rule: Rule, side: Side, played: readonly PlayedScenario[]): string {
  const traces = played.filter(({ scenario }) => rule.scenarios.includes(scenario)).map(({ trace }) => trace);
  const has = (is: (entry: TraceEntry) => boolean): boolean => traces.some((trace) => trace.some(is));
  if (traces.length === 0) return "it takes more units than the charm can have here";
  if (traces.every((trace) => trace.length === 0)) return "the machine stood still whenever it was tried";
  if (has((entry) => entry.kind === "hook" && entry.hung === true)) {
    return "a hook does not end, and with it the scenario did";
  }
  if (has((entry) => entry.kind === "status" && entry.status === "blocked")) {
    return "the charm is blocked: its admin would have to act first";
  }
  if (has((entry) => entry.kind === "settled" && entry.stillRuns === true)) {
    return "something of the charm still ran when the kit had waited long enough; give it more time with --patience";
  }
  if (side === "requirer") return "the charm has no action for it, or it did not come to it";
  if (!has((entry) => entry.kind === "start" && entry.observed)) {
    return "nothing tells the kit how the charm's backups and restores are observed";
  }
  if (!has((entry) => entry.kind === "call"))
    return "the charm began no backup and no restore that is observed";
  return "it did not come to it";
}
