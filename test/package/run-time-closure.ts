/**
 * The packages that are installed with this one: its run-time dependencies and theirs, as package-lock.json has them.
 *
 * @module
 */
import { read } from "./pages.ts";

/** A package of the closure. */
export interface RunTimePackage {
  readonly name: string;
  readonly licence: string;
  readonly hasInstallScript: boolean;
  /** The ranges that it is asked for in, by who asks, the nearest to this package first; that is the empty string. */
  readonly askedFor: ReadonlyMap<string, string>;
}

interface LockedPackage {
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages: locked }: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  read("package-lock.json"),
);

/** By name. */
export function runTimeClosure(): readonly RunTimePackage[] {
  const found = new Map<string, { asked: Map<string, string>; entry: LockedPackage }>();
  const paths = [""];
  for (const path of paths) {
    const { dependencies, optionalDependencies } = entryAt(path);
    for (const [name, range] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      const place = placeOf(name, path);
      let known = found.get(place);
      if (known === undefined) {
        known = { asked: new Map(), entry: entryAt(place) };
        found.set(place, known);
        paths.push(place);
      }
      known.asked.set(nameOf(path), range);
    }
  }
  return [...found]
    .map(([place, { asked, entry }]) => ({
      name: nameOf(place),
      licence: entry.license ?? "none",
      hasInstallScript: entry.hasInstallScript === true,
      askedFor: asked,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function entryAt(path: string): LockedPackage {
  const entry = locked[path];
  if (entry === undefined) throw new Error(`package-lock.json has no ${path}`);
  return entry;
}

/** Where Node finds a package that is imported from another: in the nearest node_modules above. */
function placeOf(name: string, from: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (place in locked) return place;
    if (folder === "") throw new Error(`package-lock.json has no ${name} for ${from}`);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length) || path;
}
