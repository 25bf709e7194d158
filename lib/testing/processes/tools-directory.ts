/**
 * The folder that stands first on a charm's PATH: every hook tool, and `juju-exec`, as one small client.
 *
 * @module
 */
import { chmod, copyFile, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hookToolNames } from "../hook-tools/run-hook-tool.ts";

const client = "hook-tool.pl";

/** Fills a folder with the hook tools. */
export async function installTools(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  // A package manager may not keep the executable bit of what it unpacks.
  const installed = join(directory, client);
  await copyFile(fileURLToPath(new URL(`./${client}`, import.meta.url)), installed);
  await chmod(installed, 0o755);
  await Promise.all(
    [...hookToolNames, "juju-exec", "juju-run"].map((name) => symlink(client, join(directory, name))),
  );
  await registerAgents(directory, new Map());
}

/** Writes which unit is served on which socket, for `juju-exec` to look up. Never half written. */
export async function registerAgents(directory: string, sockets: ReadonlyMap<string, string>): Promise<void> {
  const lines = [...sockets].map(([unit, path]) => `${unit}\t${path}\n`);
  await writeFile(join(directory, "agents.new"), lines.join(""));
  await rename(join(directory, "agents.new"), join(directory, "agents"));
}
