/**
 * Judges the charms of the tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { judgeCharm, type ConformanceOptions } from "../../../lib/conformance/conformance.ts";
import { judge, type Verdict } from "../../../lib/conformance/verdict.ts";
import type { Trace } from "../../../lib/conformance/trace/trace.ts";

/** Whether everything is judged, as npm run test:full has it, or what is quick. */
export const judgesAll: boolean = process.env["CONFORMANCE"] === "all";

/** The folder of a charm in test/charms, or of an example. */
export function charmFolder(name: string): string {
  return fileURLToPath(new URL(`../../../${name}`, import.meta.url));
}

/** What came of judging a charm. */
export interface Judged {
  readonly verdicts: readonly Verdict[];
  /** The rules that any of its traces breaks, also such that were not asked for. */
  readonly broken: readonly string[];
  readonly traces: ReadonlyMap<string, Trace>;
}

/** Judges a charm by some rules. */
export async function judged(options: Omit<ConformanceOptions, "onPlayed">): Promise<Judged> {
  const traces = new Map<string, Trace>();
  const { verdicts, side } = await judgeCharm({
    limits: { patienceMs: 3_000, hookMs: 20_000 },
    ...options,
    onPlayed: ({ scenario, trace }) => void traces.set(scenario, trace),
  });
  const evidence = [...traces.values()].flatMap((trace) => judge(trace, side));
  const broken = new Set(evidence.filter(({ verdict }) => verdict === "broken").map(({ rule }) => rule));
  return { verdicts, broken: [...broken].toSorted(), traces };
}

/** The ids of the rules with a verdict. */
export function idsOf({ verdicts }: Judged, verdict: Verdict["verdict"]): readonly string[] {
  return verdicts.filter((each) => each.verdict === verdict).map(({ rule }) => rule.id);
}
