// Everything that can be said of the sources without running them.
import { run, runInstalled } from "./steps.mjs";

run("node", ["scripts/generate.mjs", "--check"]);
// The examples import the package by its name, so its types have to be there.
run("node", ["scripts/build.mjs"]);
runInstalled("tsc", ["--noEmit", "-p", "."]);
runInstalled("oxlint", ["--type-aware", "--deny-warnings", "--quiet"]);
runInstalled("prettier", ["--check", "--log-level", "warn", "."]);
runInstalled("publint", ["--strict", "--level", "warning"]);
