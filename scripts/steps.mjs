// Runs the steps of the project's scripts: each is one command.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** For programs that say much where all is well: their output is shown if they fail. */
export const showingOnlyFailure = { stdio: "pipe" };

/** Runs a command to its end with this terminal; ends the script with the command's exit code if it fails. */
export function run(program, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    ...options,
  });
  if (error !== undefined) {
    console.error(`${program} could not be started: ${error.message}`);
    process.exit(1);
  }
  if (status === 0) return;
  for (const output of [stdout, stderr]) if (output !== null) process.stderr.write(output);
  process.exit(status ?? 1);
}

/** Runs one of the programs that npm installed for the project. */
export function runInstalled(program, args, options) {
  run(fileURLToPath(new URL(`../node_modules/.bin/${program}`, import.meta.url)), args, options);
}

/** Bundles a program of the project's into one file, and runs it in this process. @returns What it exports. */
export async function importBundled(entry, outfile) {
  runInstalled("esbuild", [
    entry,
    "--bundle",
    "--packages=external",
    "--platform=node",
    "--format=esm",
    "--log-level=warning",
    `--outfile=${outfile}`,
  ]);
  return await import(new URL(`../${outfile}`, import.meta.url).href);
}
