/**
 * The releases of Node that the packed package is tested on: the oldest that it supports, and the newer lines. They are
 * npm packages in a folder of the tests, so that their command does not take the place of `node` in npm scripts.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where they are installed, relative to the repository. */
export const nodeReleasesFolder = "test/package/node-releases";

const folder = fileURLToPath(new URL(`../${nodeReleasesFolder}`, import.meta.url));

/** Whether those for this processor are installed, in the versions of the folder's package-lock.json. */
export function areNodeReleasesCurrent() {
  const installed = packagesOf("node_modules/.package-lock.json");
  return Object.entries(packagesOf("package-lock.json"))
    .filter(([path]) => path.endsWith(`-${process.arch}`))
    .every(([path, { version }]) => installed[path]?.version === version);
}

function packagesOf(lock) {
  try {
    return JSON.parse(readFileSync(resolve(folder, lock), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}
