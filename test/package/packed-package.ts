/**
 * The package as npm would publish it, from what `npm run build` left.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./pages.ts";

/** A packed package. */
export interface PackedPackage {
  readonly tarball: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

interface NpmPack {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Packs the package into a folder. */
export function packInto(folder: string): PackedPackage {
  const output = npm(root, "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  const [packed]: readonly NpmPack[] = JSON.parse(output);
  if (packed === undefined) throw new Error("npm packed nothing");
  const { filename, size, unpackedSize, files } = packed;
  return { tarball: join(folder, filename), packedBytes: size, unpackedBytes: unpackedSize, files };
}

/** Installs into a folder that has a package.json, as much of it as possible from npm's cache. */
export function installIn(folder: string, ...args: readonly string[]): void {
  npm(folder, "install", "--prefer-offline", "--no-audit", "--no-fund", ...args);
}

/** Runs npm in a folder, and gives what it says. */
export function npm(folder: string, ...args: readonly string[]): string {
  return execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
