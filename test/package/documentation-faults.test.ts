import { expect, test } from "vitest";
import { allFaults } from "../faults/all-faults.ts";
import { columns } from "../faults/results-table.ts";
import { tableOf } from "./pages.ts";

const [header, ...rows] = tableOf("docs/reference/faults.md", "faults");

test("the page of faults has each of them, with what happens", () => {
  expect(header).toEqual(columns);
  expect(rows.map(([name, title]) => [name, title])).toEqual(
    allFaults.map(({ name, title }) => [`\`${name}\``, title]),
  );
});

test.each(allFaults)("the page says how $name ends", ({ name, ends }) => {
  const [, , shown = ""] = rows.find(([each]) => each === `\`${name}\``) ?? [];
  const seen = shown
    .split("<br>")
    .map((text) => /^[^:]+: (\w+)(?: \(([\w-]+)\))?/.exec(text))
    .map((match) => [match?.[1], match?.[2]].filter((part) => part !== undefined).join(" "));
  expect(seen).toEqual(ends);
});
