/**
 * Problems as workflow commands of GitHub Actions, which shows them beside the lines of the files.
 *
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 *
 * @module
 */
import type { CheckedInput, MakeOutput } from "./output.ts";
import { problemText, unlistedLine } from "./text-output.ts";

/** Prints an annotation for each problem, and for each input that could not be read. */
export const githubOutput: MakeOutput = (terminal) => ({
  input(checked) {
    const { name, result } = checked;
    if ("unreadable" in result) {
      const { unreadable, remedy, place } = result;
      terminal.out(annotation("error", checked, place, `${name}: ${unreadable} ${remedy}`));
      return;
    }
    for (const problem of result.problems) {
      const { severity, rule } = problem;
      terminal.out(annotation(severity, checked, problem, problemText(problem), rule));
    }
    const others = unlistedLine(result);
    if (others !== undefined) terminal.out(annotation("notice", checked, undefined, others));
  },
  end() {},
});

function annotation(
  command: "error" | "warning" | "notice",
  { file }: CheckedInput,
  place: { readonly line: number; readonly column: number } | undefined,
  message: string,
  rule?: string,
): string {
  const properties = [
    ...(file === undefined ? [] : [`file=${escapedProperty(file)}`]),
    ...(place === undefined ? [] : [`line=${place.line}`, `col=${place.column}`]),
    `title=${escapedProperty(rule === undefined ? "database_backup" : `database_backup, ${rule}`)}`,
  ];
  return `::${command} ${properties.join(",")}::${escapedData(message)}`;
}

function escapedData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
