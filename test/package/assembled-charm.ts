/**
 * A charm's folder as charmcraft would prime it: the script of its part is run, charmcraft is not.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";

/** The parts that a charmcraft.yaml declares. */
export interface Parts {
  readonly charm: { readonly plugin: string; readonly source: string; readonly "override-build": string };
}

/** Reads the parts of a charm. */
export function partsOf(charm: string): Parts {
  const { parts }: { readonly parts: Parts } = parse(readFileSync(join(charm, "charmcraft.yaml"), "utf8"));
  return parts;
}

/**
 * Builds a charm.
 *
 * @param charm Its folder, which stays as it is.
 * @param folder Where to build.
 * @param node The Node that the build finds on PATH, as that of the part's snap.
 * @returns The folder that would be packed.
 */
export function assembleCharm(charm: string, folder: string, node: string): string {
  const { plugin, source, "override-build": script } = partsOf(charm).charm;
  // What the plugin nil does: nothing.
  if (plugin !== "nil" || source !== ".")
    throw new Error(`${charm} has a part that needs more than its script`);
  const build = join(folder, "build");
  const install = join(folder, "install");
  cpSync(charm, build, { recursive: true });
  mkdirSync(install, { recursive: true });
  const { status, stdout, stderr } = spawnSync("/bin/bash", ["-e", "-c", script], {
    cwd: build,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${dirname(node)}:${process.env["PATH"] ?? ""}`,
      CRAFT_PART_INSTALL: install,
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
    },
  });
  if (status !== 0) throw new Error(`the part of ${charm} ended with ${status}:\n${stdout}${stderr}`);
  return install;
}
