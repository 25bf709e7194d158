/**
 * What of pgBackRest is used, and since which version it is there. Pure.
 *
 * An older pgBackRest does not always say so: of an option in its configuration file that it does not know it only
 * warns, and goes on without.
 *
 * @module
 * @see https://pgbackrest.org/release.html
 */

/** A version of pgBackRest: major and minor. */
export type Version = readonly [number, number];

/** What is used, as its documentation names it, and the first version that has it. */
export const usedFeatures: readonly { readonly name: string; readonly since: Version }[] = [
  { name: "compress-type=zst", since: [2, 27] },
  { name: "expire-auto", since: [2, 28] },
  { name: "repo-ls", since: [2, 32] },
  { name: "repo-get", since: [2, 32] },
  { name: "log level detail for each file", since: [2, 35] },
  { name: "repo-bundle", since: [2, 39] },
];

/** Reads what `pgbackrest version` prints; undefined where that is no version. */
export function parseVersion(text: string): Version | undefined {
  const match = /^pgBackRest (\d+)\.(\d+)/.exec(text.trim());
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** Says a version as pgBackRest does: `2.45`, and `2.08`. */
export function describeVersion([major, minor]: Version): string {
  return `${major}.${String(minor).padStart(2, "0")}`;
}

/** What is used and a version does not have. */
export function missingFeatures(version: Version): readonly string[] {
  return usedFeatures.filter(({ since }) => isOlder(version, since)).map(({ name }) => name);
}

/** The oldest version that has everything that is used. */
export function neededVersion(): Version {
  return usedFeatures.map(({ since }) => since).reduce((a, b) => (isOlder(a, b) ? b : a));
}

function isOlder(a: Version, b: Version): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
