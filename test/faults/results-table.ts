/**
 * What came of faults, as rows of a table.
 *
 * @module
 */
import type { FaultResult } from "./fault.ts";
import { shownText } from "./shown-text.ts";

/** The names of the columns. */
export const columns: readonly string[] = [
  "fault",
  "what happens",
  "what the admin sees",
  "how it ends",
  "seconds to the next job",
];

/** The cells of one fault's row, as they stand in the documentation. */
export function cellsOf({ fault, title, shown, endState, secondsToNextJob }: FaultResult): readonly string[] {
  return [
    `\`${fault}\``,
    title,
    shown.map(shownText).join("<br>"),
    endState,
    secondsToNextJob === undefined ? "" : String(Math.round(secondsToNextJob)),
  ];
}

/**
 * One fault's row for a terminal: name, seconds and how it ended, and below that all that the admin saw.
 *
 * @param width That of the first column.
 */
export function terminalRow(result: FaultResult, width: number): string {
  const { fault, title, shown, endState, secondsToNextJob, problems } = result;
  const seconds = secondsToNextJob === undefined ? "-" : secondsToNextJob.toFixed(1);
  const below = (text: string): string => `${" ".repeat(width)}  ${text}\n`;
  return [
    `${fault.padEnd(width)}  ${seconds.padStart(6)} s  ${endState}\n`,
    below(title),
    ...shown.map((each) => below(`  ${shownText(each)}`)),
    ...problems.map((problem) => below(`! ${problem}`)),
  ].join("");
}
