/**
 * The npm packages that lie in folders of the tests alone, each for one processor: where they were among those of the
 * repository, npm would refuse to install anything on another machine.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The releases of Node that the packed package is tested on: the oldest that it supports, and the newer lines. In a folder
 * of their own their command does not take the place of `node` in npm scripts.
 */
export const nodeReleasesFolder = "test/package/node-releases";
/** The programs of an older PostgreSQL, whose backups a test of faults brings along. */
export const olderPostgresqlFolder = "test/faults/older-postgresql";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether a folder's packages for this processor are installed, in the versions of its package-lock.json. */
export function areTestPackagesCurrent(folder) {
  const installed = packagesOf(folder, "node_modules/.package-lock.json");
  return Object.entries(packagesOf(folder, "package-lock.json"))
    .filter(([path]) => path.endsWith(`-${process.arch}`))
    .every(([path, { version }]) => installed[path]?.version === version);
}

function packagesOf(folder, lock) {
  try {
    return JSON.parse(readFileSync(resolve(root, folder, lock), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}
