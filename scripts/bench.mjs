// Runs the benchmarks on what is built: npm run bench -- [--json] [--only hook,validate,detect,simulate,command] [--runs N]
import { run, showingOnlyFailure } from "./steps.mjs";
import { setUp } from "./setup.mjs";

await setUp({ servers: false });
run("node", ["scripts/build.mjs"], showingOnlyFailure);
run("node", ["bench/main.mjs", ...process.argv.slice(2)]);
