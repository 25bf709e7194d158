/**
 * The releases of Node that the packed package is tested on.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { read, root } from "./pages.ts";

/** A release of Node. */
export interface NodeRelease {
  readonly name: string;
  readonly program: string;
  readonly isInstalled: boolean;
}

const folder = "test/package/node-releases";
const { optionalDependencies }: { readonly optionalDependencies: Readonly<Record<string, string>> } =
  JSON.parse(read(`${folder}/package.json`));

/** The running one, and those that `node scripts/setup.mjs --node-releases` installs. */
export const nodeReleases: readonly NodeRelease[] = [
  { name: `the running Node, ${process.versions.node}`, program: process.execPath, isInstalled: true },
  ...Object.keys(optionalDependencies)
    .filter((name) => name.endsWith(`-${process.arch}`))
    .map((name) => {
      const program = join(root, folder, "node_modules", name, "bin", "node");
      return { name: name.replace(`-${process.arch}`, ""), program, isInstalled: existsSync(program) };
    }),
];
