import { expect, test } from "vitest";
import { tableOf } from "./pages.ts";
import { runTimeClosure } from "./run-time-closure.ts";
import { code, shownTable } from "./shown-table.ts";

const page = "docs/reference/dependencies.md";
const closure = runTimeClosure();
/** None of them asks for more than that its text is kept. */
const allowedLicences = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

test("every package that is installed with this one is under a permissive licence", () => {
  expect(closure.length).toBeGreaterThan(2);
  const others = closure.filter(({ licence }) => !allowedLicences.has(licence));
  expect(others.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
});

test("no package that is installed with this one runs a script when it is", () => {
  expect(closure.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)).toEqual([]);
});

test("the page lists them with range, licence and why they are there", () => {
  const reasons = new Map(
    tableOf("docs/explanation/decisions.md", "run-time-dependencies").map(([name, why]) => [name, why]),
  );
  const table = [
    ["package", "range", "licence", "why it is there"],
    ...closure.map(({ name, licence, askedFor }) => {
      return [
        code(name),
        [...new Set(askedFor.values())].toSorted().join(", "),
        licence,
        (askedFor.has("") ? reasons.get(code(name)) : askers([...askedFor.keys()])) ?? "",
      ];
    }),
  ];
  expect(table.every((row) => row.every((cell) => cell !== ""))).toBe(true);
  expect(shownTable(page, "dependencies", table)).toEqual(table);
});

/** The one nearest to this package comes first. */
function askers([nearest = "", ...others]: readonly string[]): string {
  const more = others.length === 1 ? " and another" : ` and ${others.length} others`;
  return `for ${code(nearest)}${others.length === 0 ? "" : more}`;
}
