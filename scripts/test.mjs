// Everything that has to pass, from nothing: sets up what is missing, checks, and runs the tests. With --full, property
// tests try twenty times as many cases, a million mutated databags and every charm with a fault are judged, a hundred
// thousand schedules of the coordination are run, and the long tests run too, the demonstration among them.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { setUp } from "./setup.mjs";
import { root, run } from "./steps.mjs";

process.chdir(root);
const full = process.argv.includes("--full");
await setUp({ servers: true, nodeReleases: true, olderPostgresql: full });
run("node", ["scripts/check.mjs"]);
const report = "build/test-report.json";
// A report of an earlier run must not speak for this one.
rmSync(report, { force: true });
const { status } = spawnSync(
  "node_modules/.bin/vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PROPERTY_RUNS: full ? "2000" : "100",
      CONFORMANCE: full ? "all" : "some",
      LONG_TESTS: full ? "all" : "none",
      MUTATED_DATABAGS: full ? "1000000" : "5000",
      SCHEDULES: full ? "100000" : "5000",
    },
  },
);
const { numPassedTests, numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, "utf8"));
const left = numTotalTests - numPassedTests - numFailedTests;
console.log(`${numPassedTests} passed, ${numFailedTests} failed${left === 0 ? "" : `, ${left} skipped`}`);
// A test that did not run proves nothing.
if (status !== 0 || left > 0 || numPassedTests === 0) process.exit(1);
