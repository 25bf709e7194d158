import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// The page of the contract, and the tests that hold it.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const page = readFileSync(join(root, "docs/reference/juju-contract.md"), "utf8");

/** The names of the page's statements, in its order. */
const stated = [...page.matchAll(/^\| `(?<id>[a-z0-9-]+\/[a-z0-9-]+)` /gmu)].map(
  (match) => match.groups?.["id"] ?? "",
);

/** The names that stand in brackets at the beginning of a test's name. */
function namedIn(file: string): readonly string[] {
  const names = readFileSync(join(root, file), "utf8").matchAll(
    /\(\s*["'](?<ids>(?:\[[a-z0-9-]+\/[a-z0-9-]+\] )+)/gu,
  );
  return [...names].flatMap((match) =>
    [...(match.groups?.["ids"] ?? "").matchAll(/\[(?<id>[^\]]+)\]/gu)].map((id) => id.groups?.["id"] ?? ""),
  );
}

const suite = "test/conformance/juju-contract";
const files = readdirSync(join(root, suite))
  .filter((name) => name.endsWith(".test.ts") && name !== "statements.test.ts")
  .map((name) => join(suite, name));
const held = new Set(files.flatMap(namedIn));

test("every statement of the page is held by a test that bears its name", () => {
  expect(stated.length).toBeGreaterThan(150);
  expect(stated.filter((id) => !held.has(id))).toEqual([]);
});

test("every name that a test bears is a statement of the page", () => {
  expect([...held].filter((id) => !stated.includes(id))).toEqual([]);
});

test("no statement is made twice", () => {
  expect(stated.toSorted()).toEqual([...new Set(stated)].toSorted());
});

test("every test of the contract bears a name", () => {
  const unnamed = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const tests = [...text.matchAll(/^\s*test(?:\.\w+)?\(/gmu)].length;
    const named = [...text.matchAll(/\(\s*["']\[[a-z0-9-]+\/[a-z0-9-]+\] /gu)].length;
    return tests === named ? [] : [`${file}: ${tests} tests, ${named} named`];
  });
  expect(unnamed).toEqual([]);
});
