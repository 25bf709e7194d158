/**
 * How large the package may be, and how large its parts were when that was decided. Who raises a limit measures the parts
 * anew: the message of a failed test has the figures.
 *
 * @module
 */
import type { PackedPackage } from "./packed-package.ts";

/** The limits. */
export const budget = {
  packedBytes: 600_000,
  unpackedBytes: 2_300_000,
  files: 810,
  /** This package's dependencies, with theirs. */
  runTimePackages: 29,
} as const;

const measuredBytes: Readonly<Record<string, number>> = {
  "dist/lib": 153_905,
  "dist/lib/cli": 198_719,
  "dist/lib/conformance": 214_881,
  "dist/lib/replay": 19_634,
  "dist/lib/testing": 400_463,
  "dist/lib/wire": 252_861,
  "dist/provider": 247_432,
  "dist/provider/postgresql": 412_014,
  "dist/requirer": 170_476,
  schemas: 58_642,
  "": 31_040,
};

/** The bytes of each part of a package: every file counts in the innermost folder that has a figure. */
export function partsOf({ files }: PackedPackage): Readonly<Record<string, number>> {
  const parts: Record<string, number> = {};
  for (const { path, size } of files) {
    const folders = Object.keys(measuredBytes).filter(
      (folder) => folder === "" || path.startsWith(`${folder}/`),
    );
    const part = folders.toSorted((a, b) => b.length - a.length)[0] ?? "";
    parts[part] = (parts[part] ?? 0) + size;
  }
  return parts;
}

/** Says what grew since the limits were set, what grew most first. */
export function growth(packed: PackedPackage): string {
  return Object.entries(partsOf(packed))
    .map(([part, bytes]) => ({ part, bytes, more: bytes - (measuredBytes[part] ?? 0) }))
    .toSorted((a, b) => b.more - a.more)
    .map(
      ({ part, bytes, more }) =>
        `${part === "" ? "other files" : part}: ${bytes} bytes, ${more < 0 ? "" : "+"}${more}`,
    )
    .join("\n");
}
