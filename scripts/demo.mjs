// The demonstration, from nothing: sets up what is missing, builds, and runs examples/demo.
import { importBundled, root } from "./steps.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ servers: true });
await import("./build.mjs");
await importBundled("examples/demo/main.ts", "build/demo.mjs");
