/**
 * Verdicts for programs.
 *
 * @module
 */
import type { Conformance } from "../conformance.ts";

/** A report as JSON: `charm`, `side`, `endpoint`, and for each rule its `verdict`, with what shows it. */
export function jsonReport({ charm, side, endpoint, verdicts }: Conformance): string {
  const rules = verdicts.map((each) => ({
    rule: each.rule.id,
    verdict: each.verdict,
    holds: each.rule.holds,
    section: each.rule.section,
    ...(each.verdict === "not shown" ? { why: each.why } : { scenario: each.shown.scenario }),
    ...(each.verdict === "broken"
      ? { what: each.shown.text, remedy: each.rule.remedy, trace: each.shown.story }
      : {}),
  }));
  return JSON.stringify({ charm, side, endpoint, rules }, undefined, 2);
}
