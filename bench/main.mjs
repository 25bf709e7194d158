/**
 * Measures what the project promises to be fast. Prints a table, or one JSON object with --json. It never judges by its
 * exit code: machines are noisy, and a figure that misses its goal says so.
 *
 * npm run bench -- [--json] [--only hook,validate,detect,simulate,coordination,latency,command,history] [--runs N] [--node PATH]
 * npm run bench -- [--json] --only backup,restore,throughput [--runs N] [--scale N]
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { importBundled } from "../scripts/steps.mjs";
import { measureBackup } from "./backup.mjs";
import { measureCommand } from "./command.mjs";
import { measureCoordination, measureLatency } from "./coordination.mjs";
import { measureDetection } from "./detect.mjs";
import { measureHistory } from "./history.mjs";
import { measureHooks } from "./hook.mjs";
import { measureRestore } from "./restore.mjs";
import { printTable } from "./table.mjs";
import { measureSimulation } from "./simulate.mjs";
import { measureThroughput } from "./throughput.mjs";
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

/** Those that need real servers, and minutes: they are measured where they are named. */
const partsOnServers = {
  backup: measureBackup,
  restore: measureRestore,
  throughput: measureThroughput,
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(parts).join(",") },
    runs: { type: "string", default: "21" },
    scale: { type: "string", default: "70" },
    node: { type: "string", default: process.execPath },
  },
});
const [runs, scale] = [Number(values.runs), Number(values.scale)];
const wanted = values.only.split(",");
const all = [...Object.keys(parts), ...Object.keys(partsOnServers)];
const unknown = wanted.filter((name) => !all.includes(name));
const isCount = (number) => Number.isInteger(number) && number >= 1;
if (unknown.length > 0 || !isCount(runs) || !isCount(scale)) {
  console.error(
    unknown.length > 0
      ? `There is no part "${unknown.join(", ")}". Name some of: ${all.join(", ")}.`
      : "--runs and --scale take whole numbers of at least 1.",
  );
  process.exit(2);
}

const results = {};
let database;
try {
  for (const name of wanted) {
    if (!values.json) console.error(`measuring ${name} …`);
    if (name in parts) results[name] = await parts[name]({ runs, node: resolve(values.node) });
    else {
      database ??= await startDatabase();
      results[name] = await partsOnServers[name]({ runs, database });
    }
  }
} finally {
  await database?.stop();
}
if (values.json) console.log(JSON.stringify(results));
else printTable(results);

async function startDatabase() {
  const { MeasuredDatabase } = await importBundled("bench/measured-database.ts", "build/bench.mjs");
  return await MeasuredDatabase.start(scale);
}
