/**
 * Verdicts: what the evidence of all traces says of each rule.
 *
 * @module
 */
import type { Evidence, Judge } from "./judges/judge.ts";
import { providerJudges } from "./judges/provider-judges.ts";
import { requirerJudges } from "./judges/requirer-judges.ts";
import type { Rule } from "./rules/rule.ts";
import { tellStory } from "./trace/story.ts";
import type { Side, Trace } from "./trace/trace.ts";

/** A trace with the name of the scenario that it is of. */
export interface PlayedScenario {
  readonly scenario: string;
  readonly trace: Trace;
}

/** Evidence with the scenario in which it showed. */
export interface Shown extends Evidence {
  readonly scenario: string;
}

/** What came of one rule. */
export type Verdict =
  | { readonly rule: Rule; readonly verdict: "holds"; readonly shown: Shown }
  | { readonly rule: Rule; readonly verdict: "broken"; readonly shown: Shown }
  | { readonly rule: Rule; readonly verdict: "not shown"; readonly why: string };

const judges: Readonly<Record<Side, readonly Judge[]>> = {
  provider: providerJudges,
  requirer: requirerJudges,
};

/** Finds all evidence in a trace, in the order in which it shows. */
export function judge(trace: Trace, side: Side): readonly Evidence[] {
  const story = tellStory(trace);
  return judges[side].flatMap((each) => each(story)).toSorted((a, b) => a.index - b.index);
}

/** Whether nothing is wrong with what is seen at the end of a trace. What went wrong before is not asked again. */
export function isContent(trace: Trace, side: Side): boolean {
  return !judge(trace, side).some(({ verdict, index }) => verdict === "broken" && index === trace.length - 1);
}

/** Gives a verdict for each rule. A rule that was broken once is broken. */
export function verdicts(rules: readonly Rule[], side: Side, played: readonly PlayedScenario[]): readonly Verdict[] {
  const all = played.flatMap(({ scenario, trace }) =>
    judge(trace, side).map((evidence): Shown => ({ ...evidence, scenario })),
  );
  return rules.map((rule): Verdict => {
    const evidence = all.filter((each) => each.rule === rule.id);
    const broken = evidence.find(({ verdict }) => verdict === "broken");
    if (broken !== undefined) return { rule, verdict: "broken", shown: broken };
    const [shown] = evidence;
    if (shown !== undefined) return { rule, verdict: "holds", shown };
    return { rule, verdict: "not shown", why: whyNotShown(rule, played) };
  });
}

function whyNotShown(rule: Rule, played: readonly PlayedScenario[]): string {
  const traces = played.filter(({ scenario }) => rule.scenarios.includes(scenario)).map(({ trace }) => trace);
  if (traces.length === 0) return "its scenario was not played";
  if (traces.some((trace) => trace.some((entry) => entry.kind === "hook" && entry.hung === true))) {
    return "a hook did not end, and with it the scenario";
  }
  const observed = traces.some((trace) => trace.some((entry) => entry.kind === "start" && entry.observed));
  const called = traces.some((trace) => trace.some((entry) => entry.kind === "call"));
  if (!observed) return "nothing tells the kit how the charm's backups are observed";
  return called ? "it did not come to it" : "the charm began no backup and no restore that was observed";
}
