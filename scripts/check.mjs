// Everything that can be said of the sources without running them.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { run, runInstalled, showingOnlyFailure } from "./steps.mjs";

run("node", ["scripts/generate.mjs", "--check"]);
// The examples import the package by its name, so its types have to be there.
run("node", ["scripts/build.mjs"]);
runInstalled("tsc", ["--noEmit", "-p", "."]);
runInstalled("oxlint", ["--type-aware", "--deny-warnings", "--quiet"]);
runInstalled("prettier", ["--check", "--log-level", "warn", "."]);

// Both look at what would be published; attw deletes a package that it has packed itself.
const packed = "build/packed";
rmSync(packed, { recursive: true, force: true });
mkdirSync(packed, { recursive: true });
run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", packed], showingOnlyFailure);
const [tarball] = readdirSync(packed);
runInstalled("publint", [`${packed}/${tarball}`, "--strict", "--level", "warning"], showingOnlyFailure);
runInstalled("attw", [`${packed}/${tarball}`, "--profile", "esm-only"], showingOnlyFailure);
