/**
 * Tables that a page shows, compared with the data of the sources.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, tableOf, type Table } from "./pages.ts";

/**
 * The table marked `<!-- table: name -->`, header included. With UPDATE_DOCS set in the environment the page is made to
 * show what is expected.
 */
export function shownTable(page: string, name: string, expected: Table): Table {
  if (process.env["UPDATE_DOCS"] !== undefined) {
    const file = join(root, page);
    const marker = `<!-- table: ${name} -->`;
    const [before = "", after = ""] = readFileSync(file, "utf8").split(marker);
    const rest = after.replace(/^\s*(\|.*\n)*/, "").trimStart();
    writeFileSync(file, `${before}${marker}\n\n${rendered(expected)}\n${rest === "" ? "" : `\n${rest}`}`);
  }
  return tableOf(page, name);
}

/** The first column of a table, without the header and without code marks. */
export function namesIn(page: string, name: string): readonly string[] {
  return tableOf(page, name)
    .slice(1)
    .map(([first = ""]) => first.replaceAll("`", ""));
}

/** Writes a name as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

function rendered([header = [], ...rows]: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
