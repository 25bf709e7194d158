// Builds dist/ and the example charms.
import { chmod, cp, rm } from "node:fs/promises";
import { bundleCommand } from "./bundle-command.mjs";
import { run, runInstalled } from "./steps.mjs";

await rm("dist", { recursive: true, force: true });
runInstalled("tsc", ["-p", "tsconfig.build.json"]);
// What the compiler does not copy.
for (const file of [
  "lib/wire/generated/validators",
  "lib/wire/generated/validators.js",
  "lib/wire/generated/validators.d.ts",
  "lib/testing/processes/hook-tool.pl",
]) {
  await cp(file, `dist/${file}`, { recursive: true });
}
await bundleCommand();
await chmod("dist/lib/cli/main.js", 0o755);
run("npm", ["run", "build", "--workspaces", "--silent"]);
