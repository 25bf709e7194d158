import { expect, test } from "vitest";
import { relationRows } from "../storage-table/relation-rows.ts";
import type { StorageRow } from "../storage-table/row.ts";
import { storageRows } from "../storage-table/rows.ts";
import type { Table } from "./pages.ts";
import { failureCodes, storageCodes, unionMembers } from "./failure-codes.ts";
import { code, shownTable } from "./shown-table.ts";

const page = "docs/reference/storage.md";

function cells({ field, form, outcome }: StorageRow): readonly string[] {
  const name = field.includes(" ") ? field : code(field);
  if (outcome.kind === "rejected") return [name, form, `rejected: ${code(outcome.code)}`, "", ""];
  if (outcome.warning !== undefined) return [name, form, "ignored with a warning", "no option", "not sent"];
  const { url, region, trusts } = outcome.sent;
  const sent = [
    ...(url === undefined ? [] : [code(url)]),
    ...(region === undefined ? [] : [`signed for ${code(region)}`]),
    ...(trusts === undefined ? [] : [`trusts ${trusts}`]),
  ];
  return [name, form, "honoured", outcome.lines.map(code).join(", "), sent.join(", ")];
}

test("the page has the rows that the tests run", () => {
  const table: Table = [["field", "form", "outcome", "pgBackRest", "SDK"], ...storageRows.map(cells)];
  expect(shownTable(page, "storage-fields", table)).toEqual(table);
});

test("the page has the forms of an s3 relation that the tests read", () => {
  const table: Table = [
    ["key", "form", "the request's storage-config"],
    ...relationRows.map(({ key, form, gives }) => [
      key,
      form,
      "refused" in gives
        ? `refused: ${gives.refused}`
        : Object.keys(gives.config).length === 0
          ? "nothing of it"
          : code(JSON.stringify(gives.config)),
    ]),
  ];
  expect(shownTable(page, "s3-relation", table)).toEqual(table);
});

test("every code of the table is one that a job can end with", () => {
  const known = new Set([
    ...unionMembers("lib/wire/requests.ts", "RejectionCode"),
    ...failureCodes("provider/postgresql", { recursive: true }),
    ...storageCodes(),
  ]);
  const named = storageRows.flatMap(({ outcome }) => (outcome.kind === "rejected" ? [outcome.code] : []));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
