/**
 * The table of faults, for a terminal.
 *
 * @module
 */
import type { FaultResult } from "./fault.ts";
import { shownText } from "./shown-text.ts";

/** Renders what came of faults, each with all that the admin saw. */
export function resultsTable(results: readonly FaultResult[]): string {
  const width = Math.max(0, ...results.map(({ fault }) => fault.length));
  const lines = results.flatMap(({ fault, title, shown, endState, secondsToNextJob, problems }) => {
    const seconds = secondsToNextJob === undefined ? "-" : secondsToNextJob.toFixed(1);
    return [
      `${fault.padEnd(width)}  ${seconds.padStart(6)} s  ${endState}`,
      `${" ".repeat(width)}  ${title}`,
      ...shown.map((each) => `${" ".repeat(width)}    ${shownText(each)}`),
      ...problems.map((problem) => `${" ".repeat(width)}  ! ${problem}`),
    ];
  });
  const held = results.filter((result) => result.held).length;
  return `${[...lines, `${held} of ${results.length} faults held.`].join("\n")}\n`;
}
