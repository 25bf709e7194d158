/**
 * The entry points of the package and what each exports, read from package.json and the sources.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { read } from "./pages.ts";

/** One line of the reference. */
export interface ExportedName {
  readonly name: string;
  readonly kind: "class" | "constant" | "function" | "type";
  /** The first sentence of its documentation. */
  readonly about: string;
}

/** A subpath export that is a module. */
export interface EntryPoint {
  /** As package.json has it, for example `./provider`. */
  readonly subpath: string;
  /** As it is imported. */
  readonly specifier: string;
  /** By name. Empty where the module is a program. */
  readonly names: readonly ExportedName[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** What package.json says. */
export const manifest: Manifest = JSON.parse(read("package.json"));

/** The subpath exports that are files as they are: the schemas and package.json. */
export const fileSubpaths: readonly string[] = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === "string")
  .map(([subpath]) => subpath);

const declaration =
  /(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n)?^export (?:abstract |async )*(class|const|function|interface|type) (\w+)/gm;
const handedOn = /^export (type )?\{([^}]+)\} from "(.+)";$/gm;

/** Every subpath export that is a module. */
export const entryPoints: readonly EntryPoint[] = Object.entries(manifest.exports).flatMap(
  ([subpath, target]) => {
    if (typeof target === "string") return [];
    const source = target.default.replace("./dist/", "").replace(/\.js$/, ".ts");
    return { subpath, specifier: `${manifest.name}${subpath.slice(1)}`, names: exportsOf(source) };
  },
);

function exportsOf(source: string): readonly ExportedName[] {
  const names: ExportedName[] = [];
  for (const [, comment = "", keyword = "", name = ""] of read(source).matchAll(declaration)) {
    names.push({ name, kind: kindOf(keyword), about: firstSentence(comment) });
  }
  for (const [, typesAlone, list = "", specifier = ""] of read(source).matchAll(handedOn)) {
    const declared = exportsOf(join(dirname(source), specifier));
    for (const entry of list.split(",")) {
      const name = entry.replace(/^\s*type /, "").trim();
      if (name === "") continue;
      const found = declared.find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`${specifier} declares no ${name}, which ${source} exports`);
      // Of a class that is exported as a type alone a consumer cannot make an object.
      const isType = typesAlone !== undefined || entry.trimStart().startsWith("type ");
      names.push(isType ? { ...found, kind: "type" } : found);
    }
  }
  return names.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function kindOf(keyword: string): ExportedName["kind"] {
  if (keyword === "class" || keyword === "function") return keyword;
  return keyword === "const" ? "constant" : "type";
}

function firstSentence(comment: string): string {
  const text = comment
    .replaceAll(/^\s*\* ?/gm, "")
    .replaceAll(/\{@link ([^}]+)\}/g, "`$1`")
    .trim()
    .split(/\n\s*\n|^@/m)[0];
  return (text ?? "")
    .replaceAll("\n", " ")
    .replace(/([.:])\s.*$/, "$1")
    .replace(/:$/, ".");
}
