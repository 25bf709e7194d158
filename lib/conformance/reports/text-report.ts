/**
 * Verdicts for people: a line for each rule, and below a broken one the trace that shows it.
 *
 * @module
 */
import { shortened } from "../../printable.ts";
import type { Conformance } from "../conformance.ts";
import type { Verdict } from "../verdict.ts";

const longestLine = 400;

/** The lines of a report. */
export function textReport({ charm, side, endpoint, verdicts }: Conformance): readonly string[] {
  const count = (verdict: Verdict["verdict"]): number =>
    verdicts.filter((each) => each.verdict === verdict).length;
  return [
    `${charm} as ${side}, endpoint ${endpoint}`,
    ...verdicts.flatMap(linesOf),
    `${count("holds")} hold, ${count("broken")} broken, ${count("not shown")} not shown`,
  ].map((line) => shortened(line, longestLine));
}

function linesOf(each: Verdict): readonly string[] {
  const line = `${each.rule.id}  ${each.verdict.padEnd(9)}  ${each.rule.holds}`;
  if (each.verdict === "holds") return [line];
  if (each.verdict === "not shown") return [line, `      not shown: ${each.why}.`];
  const { scenario, text, story } = each.shown;
  return [
    line,
    `      ${text}`,
    `      In the scenario ${scenario}:`,
    ...story.map((told) => `        ${told}`),
    `      ${each.rule.remedy}`,
  ];
}
