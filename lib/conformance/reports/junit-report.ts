/**
 * Verdicts for the CI services that read JUnit's XML.
 *
 * @module
 */
import { printable } from "../../printable.ts";
import type { Conformance } from "../conformance.ts";
import type { Verdict } from "../verdict.ts";

/** A report as JUnit's XML: a test case for each rule; one that is not shown counts as skipped. */
export function junitReport({ charm, side, verdicts }: Conformance): string {
  const failures = verdicts.filter(({ verdict }) => verdict === "broken").length;
  const skipped = verdicts.filter(({ verdict }) => verdict === "not shown").length;
  const name = attribute(`${charm} as ${side}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites><testsuite name=${name} tests="${verdicts.length}" failures="${failures}" skipped="${skipped}">`,
    ...verdicts.map(testCase),
    "</testsuite></testsuites>",
  ].join("\n");
}

function testCase(each: Verdict): string {
  const opening = `<testcase classname=${attribute(each.rule.section)} name=${attribute(`${each.rule.id} ${each.rule.holds}`)}`;
  if (each.verdict === "holds") return `${opening}/>`;
  if (each.verdict === "not shown") return `${opening}><skipped message=${attribute(each.why)}/></testcase>`;
  const { scenario, text, story } = each.shown;
  const body = [`In the scenario ${scenario}:`, ...story, each.rule.remedy]
    .map((line) => escaped(line))
    .join("\n");
  return `${opening}><failure message=${attribute(text)}>${body}</failure></testcase>`;
}

function attribute(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
