/**
 * The demonstration, as its reader runs it, and the tutorial, which shows what it prints.
 */
import { spawnSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { root } from "../package/pages.ts";
import { comparable, shownOutput } from "../package/shown-output.ts";

const page = "docs/tutorial/first-backup-and-restore.md";
const stepLine = /^ *\d+\.\d s {2}(.+)$/;

/** What the demonstration printed, by the step whose line ends it. */
let printed: readonly { readonly step: string; readonly text: string }[];
let output: string;

beforeAll(() => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["scripts/demo.mjs"], {
    cwd: root,
    encoding: "utf8",
    timeout: 170_000,
    env: { ...process.env, UPDATE_DOCS: undefined },
  });
  expect(`${status} ${status === 0 ? "" : `${stdout}${stderr}`}`).toBe("0 ");
  output = stdout;
  printed = stepsOf(stdout);
}, 180_000);

/** The steps of an output, without the tables of `juju status` between them. */
function stepsOf(text: string): readonly { readonly step: string; readonly text: string }[] {
  const steps: { step: string; text: string }[] = [];
  let lines: string[] = [];
  for (const line of text.replaceAll(/\n +\$ juju status\n(?: {10}.*\n)+\n/g, "").split("\n")) {
    const step = stepLine.exec(line)?.[1];
    lines.push(line);
    if (step === undefined) continue;
    // What installs and builds may say something before the first.
    steps.push({ step, text: steps.length === 0 ? line : lines.join("\n") });
    lines = [];
  }
  return steps;
}

/** What two runs have in common: not how long things took, at which percentage one looked, and what is counted in bytes. */
function alike(text: string): string {
  return comparable(text)
    .replaceAll(/^ *\d+\.\d s/gm, "<s>")
    .replaceAll(/\n +(?:requested|starting|running|finalizing|succeeded)(?: \d+ %)?$/gm, "")
    .replaceAll(/checksum -?\d+/g, "checksum <sum>")
    .replaceAll(/\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?/g, "<backup>")
    .replaceAll(/T\d\d:\d\d:\d\d\.\d+Z/g, "<time>")
    .replaceAll(/\d+\.\d [KMG]iB/g, "<size>")
    .replaceAll(/localhost:\d+/g, "localhost:<port>")
    .replaceAll(/\d+ (?:s|min)\b/g, "<age>")
    .replaceAll(/ {2,}/g, "  ");
}

test.each([
  ["set-up", 0, 2],
  ["backup", 2, 4],
  ["restore", 4, 9],
  ["listings", 9, 10],
  ["cancel", 10, 11],
  ["schedule", 11, 12],
])("the tutorial shows what the demonstration prints: %s", (name, from, to) => {
  const text = printed
    .slice(from, to)
    .map((each) => each.text)
    .join("\n");
  expect(shownOutput(page, name, text, alike)).toBe(alike(text));
});

test("the restore is verified", () => {
  expect(output.trimEnd().split("\n").at(-1)).toMatch(/^RESTORED AND VERIFIED in \d+\.\d s$/);
  expect(printed).toHaveLength(12);
});
