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
const known = allFaults.map(({ name }) => name);
const wanted = values.only?.split(",") ?? known;
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no fault "${unknown.join(", ")}". Name some of: ${known.join(", ")}.\n`);
  process.exit(2);
}

const width = Math.max(...wanted.map((name) => name.length));
const results = await runFaults(wanted, {
  begins: ({ name }) => process.stderr.write(values.json ? `${name} …\n` : ""),
  ended: (result) =>
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : terminalRow(result, width)),
});
const held = results.filter((result) => result.held).length;
if (!values.json) process.stdout.write(`${held} of ${results.length} faults held.\n`);
process.exitCode = held === results.length ? 0 : 1;
