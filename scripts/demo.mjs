// The demonstration, from nothing: sets up what is missing, builds, and runs examples/demo.
import { runInstalled, root } from "./steps.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ servers: true });
await import("./build.mjs");
const outfile = "build/demo.mjs";
runInstalled("esbuild", [
  "examples/demo/main.ts",
  "--bundle",
  "--packages=external",
  "--platform=node",
  "--format=esm",
  "--log-level=warning",
  `--outfile=${outfile}`,
]);
await import(new URL(`../${outfile}`, import.meta.url).href);
