// Runs faults against the real servers, from nothing: npm run faults -- [--json] [--only NAME,NAME]
import { importBundled, showingOnlyFailure, run, root } from "./steps.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ servers: true, olderPostgresql: true });
run("node", ["scripts/build.mjs"], showingOnlyFailure);
await importBundled("test/faults/main.ts", "build/faults.mjs");
