/**
 * Runs faults against the real servers and prints what came of each: `npm run faults -- [--json] [--only NAME,NAME]`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { allFaults } from "./all-faults.ts";
import { terminalRow } from "./results-table.ts";
import { runFaults } from "./run-faults.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string" } },
});
const wanted = values.only?.split(",");
const unknown = wanted?.filter((name) => !allFaults.some((fault) => fault.name === name)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(
    `There is no fault "${unknown.join(", ")}". Name some of: ${allFaults.map(({ name }) => name).join(", ")}.\n`,
  );
  process.exit(2);
}

const faults = wanted === undefined ? allFaults : allFaults.filter(({ name }) => wanted.includes(name));
const width = Math.max(...faults.map(({ name }) => name.length));
const results = await runFaults(
  faults,
  (fault) => process.stderr.write(values.json ? `${fault.name} …\n` : ""),
  (result) => {
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : terminalRow(result, width));
  },
);
const held = results.filter((result) => result.held).length;
if (!values.json) process.stdout.write(`${held} of ${results.length} faults held.\n`);
process.exitCode = held === results.length ? 0 : 1;
