/**
 * Measures what the project promises to be fast. Prints a table, or one JSON object with --json. It never judges by its
 * exit code: machines are noisy, and a figure that misses its goal says so.
 *
 * npm run bench -- [--json] [--only hook,validate,detect,simulate,coordination,latency,command,history] [--runs N] [--node PATH]
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { measureCommand } from "./command.mjs";
import { measureCoordination, measureLatency } from "./coordination.mjs";
import { measureDetection } from "./detect.mjs";
import { measureHistory } from "./history.mjs";
import { measureHooks } from "./hook.mjs";
import { printTable } from "./table.mjs";
import { measureSimulation } from "./simulate.mjs";
import { measureValidation } from "./validate.mjs";

const parts = {
  hook: measureHooks,
  validate: measureValidation,
  detect: measureDetection,
  simulate: measureSimulation,
  coordination: measureCoordination,
  latency: measureLatency,
  command: measureCommand,
  history: measureHistory,
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(parts).join(",") },
    runs: { type: "string", default: "21" },
    node: { type: "string", default: process.execPath },
  },
});
const runs = Number(values.runs);
const wanted = values.only.split(",");
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
  console.error(
    unknown.length > 0
      ? `There is no part "${unknown.join(", ")}". Name some of: ${Object.keys(parts).join(", ")}.`
      : "--runs takes a whole number of at least 1.",
  );
  process.exit(2);
}

const results = {};
for (const name of wanted) {
  if (!values.json) console.error(`measuring ${name} …`);
  results[name] = await parts[name]({ runs, node: resolve(values.node) });
}
if (values.json) console.log(JSON.stringify(results));
else printTable(results);
