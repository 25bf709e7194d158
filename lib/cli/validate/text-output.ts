/**
 * Problems for people: a line for each.
 *
 * @module
 */
import type { Checked, FoundProblem } from "./found-problem.ts";
import type { MakeOutput } from "./output.ts";

/** Prints problems on standard output as compilers do, and what could not be read on standard error. */
export const textOutput: MakeOutput = (terminal) => ({
  input({ name, result }) {
    if ("unreadable" in result) {
      terminal.err(`${name}: ${result.unreadable} ${result.remedy}`);
      return;
    }
    for (const problem of result.problems) terminal.out(problemLine(name, problem));
    const others = unlistedLine(result);
    if (others !== undefined) terminal.out(`${name}: ${others}`);
  },
  end() {},
});

function problemLine(name: string, problem: FoundProblem): string {
  const { line, column, severity } = problem;
  return `${name}:${line}:${column}: ${severity}: ${problemText(problem)}`;
}

/** A problem in words, without its file and its place there. */
export function problemText({ databag, job, offset, message, remedy, section }: FoundProblem): string {
  return [
    ...(databag === undefined ? [] : [`${databag}:`]),
    ...(job === undefined ? [] : [`job "${job}":`]),
    ...(offset === undefined ? [] : [`at offset ${offset} of the value:`]),
    message,
    remedy,
    `(${section})`,
  ].join(" ");
}

/** What is said of problems that are not listed; undefined where all are. */
export function unlistedLine({ unlisted: { errors, warnings } }: Checked): string | undefined {
  if (errors + warnings === 0) return undefined;
  return `${errors} more errors and ${warnings} more warnings are not listed. Correct those that are listed first.`;
}
