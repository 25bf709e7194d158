/**
 * Output that a page shows: compared with what really came out, ids and times aside.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { marked, root } from "./pages.ts";

/**
 * What a page shows in the block marked `<!-- output: name -->`, made {@link comparable}. With UPDATE_DOCS set in the
 * environment the page is made to show the output.
 *
 * @param alike Takes from a text what is never the same twice. Default: {@link comparable}.
 */
export function shownOutput(
  page: string,
  name: string,
  output: string,
  alike: (text: string) => string = comparable,
): string | undefined {
  const shown = marked(page, "output").get(name)?.text;
  const differs = shown !== undefined && alike(shown) !== alike(output);
  if (differs && process.env["UPDATE_DOCS"] !== undefined) {
    const file = join(root, page);
    const text = readFileSync(file, "utf8");
    const fence = text.indexOf("\n```", text.indexOf(`<!-- output: ${name} -->`)) + 1;
    const opening = text.indexOf("\n", fence) + 1;
    const closing = text.indexOf("```", opening);
    writeFileSync(file, `${text.slice(0, opening)}${output.trimEnd()}\n${text.slice(closing)}`);
    return alike(output);
  }
  return shown === undefined ? undefined : alike(shown);
}

/** A text without what is never the same twice: ids and times, of equal length each. */
export function comparable(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[57][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<job>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z/g, "<time>")
    .replaceAll(/database-backup\/database\/[0-9a-f]{32}/g, "database-backup/database/<hash>");
}
