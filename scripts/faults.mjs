// Runs faults against the real servers, from nothing: npm run faults -- [--json] [--only NAME,NAME]
import { showingOnlyFailure, run, runInstalled, root } from "./steps.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ servers: true, olderPostgresql: true });
run("node", ["scripts/build.mjs"], showingOnlyFailure);
const outfile = "build/faults.mjs";
runInstalled("esbuild", [
  "test/faults/main.ts",
  "--bundle",
  "--packages=external",
  "--platform=node",
  "--format=esm",
  "--log-level=warning",
  `--outfile=${outfile}`,
]);
await import(new URL(`../${outfile}`, import.meta.url).href);
