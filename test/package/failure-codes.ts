/**
 * The codes of errors and failures, read from the sources that make them.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { read, root } from "./pages.ts";

/** The members of a union of string literals that a source exports. */
export function unionMembers(path: string, name: string): readonly string[] {
  const declaration = new RegExp(`export type ${name} =([^;]+);`).exec(read(path))?.[1] ?? "";
  return [...declaration.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "").toSorted();
}

/** The codes of the failures that the sources of a folder make. With `recursive`, those of the folders below it too. */
export function failureCodes(folder: string, options: { readonly recursive: boolean }): readonly string[] {
  const codes = new Set<string>();
  for (const name of readdirSync(join(root, folder), { ...options, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const made = /(?:\bcode: |\bfails\(\s*|\bfailed\(\s*)"([a-z][a-z0-9-]*)"/g;
    for (const [, code = ""] of read(join(folder, name)).matchAll(made)) codes.add(code);
  }
  return [...codes].toSorted();
}

/** The codes that a store's faults become. */
export function storageCodes(): readonly string[] {
  const [, codes = ""] = /const codes[^{]+\{([^}]+)\}/.exec(read("lib/storage/storage-failure.ts")) ?? [];
  return [...codes.matchAll(/: "([^"]+)"/g)].map((match) => match[1] ?? "").toSorted();
}

/** The options that an interface declares, those of inner objects with a period: `patroni.restUrl`. */
export function optionNames(path: string, name: string): readonly string[] {
  const [, body = ""] =
    new RegExp(`export (?:interface|type) ${name} [^]*?\\n([^]*?)\\n(?:\\}|\\n)`).exec(read(path)) ?? [];
  const names = new Set<string>();
  const open: string[] = [];
  for (const line of body.split("\n")) {
    const field = /^\s*readonly (\w+)\??:/.exec(line)?.[1];
    if (field !== undefined && line.endsWith("{")) open.push(field);
    else if (field !== undefined) names.add([...open, field].join("."));
    if (/^\s*\};/.test(line)) open.pop();
  }
  return [...names].toSorted();
}
