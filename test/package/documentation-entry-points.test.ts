import { describe, expect, test } from "vitest";
import { entryPoints, fileSubpaths } from "./entry-points.ts";
import { read } from "./pages.ts";
import { code, shownTable } from "./shown-table.ts";

const page = "docs/reference/entry-points.md";

describe("the reference of the entry points", () => {
  test.each(entryPoints.filter(({ names }) => names.length > 0))(
    "has every name that $specifier exports, with what it is",
    ({ specifier, names }) => {
      const table = [
        ["name", "kind", "what it is"],
        ...names.map(({ name, kind, about }) => [code(name), kind, about]),
      ];
      expect(names.filter(({ about }) => about === "").map(({ name }) => name)).toEqual([]);
      expect(shownTable(page, specifier, table)).toEqual(table);
    },
  );

  test("names the others: programs and files", () => {
    const others = [
      ...fileSubpaths,
      ...entryPoints.filter(({ names }) => names.length === 0).map(({ subpath }) => subpath),
    ];
    expect(others.length).toBeGreaterThan(1);
    const text = read(page);
    expect(
      others.filter((subpath) => !text.includes(code(`juju-database-backup${subpath.slice(1)}`))),
    ).toEqual([]);
  });
});
