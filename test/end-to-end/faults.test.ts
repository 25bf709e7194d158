/**
 * Faults on real servers: the quick ones, or all of them. What is seen of each is what the documentation shows.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { allFaults } from "../faults/all-faults.ts";
import type { FaultResult } from "../faults/fault.ts";
import { cellsOf, columns } from "../faults/results-table.ts";
import { runFaults } from "../faults/run-faults.ts";
import { tableOf } from "../package/pages.ts";
import { shownTable } from "../package/shown-table.ts";

const page = "docs/reference/faults.md";
const faults = process.env["LONG_TESTS"] === "none" ? allFaults.filter(({ isQuick }) => isQuick) : allFaults;
let results: readonly FaultResult[];

beforeAll(async () => {
  results = await runFaults(faults.map(({ name }) => name));
}, faults.length * 600_000);

describe.each(faults.map(({ name }) => name))("%s", (name) => {
  const result = (): FaultResult | undefined => results.find(({ fault }) => fault === name);

  test("loses nothing, leaves nothing, and is told with its cause and its remedy", () => {
    expect(result()?.problems).toEqual([]);
  });
});

test("the documentation shows what the admin saw", () => {
  const rows = new Map(tableOf(page, "faults").map((row) => [row[0], row]));
  for (const result of results) rows.set(cellsOf(result)[0], cellsOf(result));
  const wanted = allFaults.map(({ name }) => rows.get(`\`${name}\``) ?? []);
  const withoutSeconds = (table: readonly (readonly string[])[]): readonly (readonly string[])[] =>
    table.map((row) => row.slice(0, -1));
  const table = [columns, ...wanted];
  expect(withoutSeconds(shownTable(page, "faults", table))).toEqual(withoutSeconds(table));
});
