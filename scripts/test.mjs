// Everything that has to pass, from nothing: sets up what is missing, checks, and runs the tests.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setUp } from "./setup.mjs";
import { root, run } from "./steps.mjs";

process.chdir(root);
await setUp({ servers: true });
run("node", ["scripts/check.mjs"]);
const report = "build/test-report.json";
const { status } = spawnSync(
  "node_modules/.bin/vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, FULL: process.argv.includes("--full") ? "yes" : "" },
  },
);
const { numPassedTests, numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, "utf8"));
const left = numTotalTests - numPassedTests - numFailedTests;
console.log(`${numPassedTests} passed, ${numFailedTests} failed${left === 0 ? "" : `, ${left} skipped`}`);
// A test that did not run proves nothing.
process.exit(status !== 0 || left > 0 || numPassedTests === 0 ? 1 : 0);
