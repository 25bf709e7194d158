/**
 * The places of a schema where a text may stand, found by walking it, so that no field is forgotten.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { isObject, type JsonObject } from "../../lib/wire/list-value.ts";

/** A path into a value; a number stands for the items of a list. */
export type TextPath = readonly (string | number)[];

const files = [
  "database_backup/v0/requirer",
  "database_backup/v0/provider",
  "database_backup/v0/extensions",
  "s3/v0/provider",
];
const schemas = new Map(files.map((file) => [file, parse(file)]));

/** Every place below a part of a schema file where a text may stand, for example below `/$defs/request`. */
export function textPaths(file: string, pointer: string): readonly TextPath[] {
  const schema = schemas.get(file);
  if (schema === undefined) throw new Error(`There is no schema ${file}.`);
  const found = new Map<string, TextPath>();
  walk(at(schema, pointer), schema, [], found);
  return [...found.values()];
}

function walk(part: JsonObject, root: JsonObject, path: TextPath, found: Map<string, TextPath>): void {
  const { $ref, properties, items, type } = part;
  if (typeof $ref === "string") {
    const [id = "", pointer = ""] = $ref.split("#");
    const target = id === "" ? root : byId(id, root);
    walk(at(target, pointer), target, path, found);
  }
  for (const keyword of ["allOf", "anyOf", "oneOf"]) {
    const parts = part[keyword];
    if (Array.isArray(parts)) for (const one of parts.filter(isObject)) walk(one, root, path, found);
  }
  if (isObject(properties)) {
    for (const [name, one] of Object.entries(properties)) {
      if (isObject(one)) walk(one, root, [...path, name], found);
    }
  }
  if (isObject(items)) walk(items, root, [...path, 0], found);
  const mayBeText = type === "string" || (Array.isArray(type) && type.includes("string"));
  if (mayBeText || "const" in part || "enum" in part) found.set(path.join("/"), path);
}

function byId(id: string, from: JsonObject): JsonObject {
  const target = new URL(id, String(from["$id"])).href;
  const schema = [...schemas.values()].find((one) => one["$id"] === target);
  if (schema === undefined) throw new Error(`There is no schema of the id ${target}.`);
  return schema;
}

function at(schema: JsonObject, pointer: string): JsonObject {
  let part: unknown = schema;
  for (const name of pointer.split("/").slice(1)) part = isObject(part) ? part[name] : undefined;
  if (!isObject(part)) throw new Error(`There is nothing at ${pointer}.`);
  return part;
}

function parse(file: string): JsonObject {
  const schema: unknown = JSON.parse(
    readFileSync(new URL(`../../schemas/${file}.json`, import.meta.url), "utf8"),
  );
  if (!isObject(schema)) throw new Error(`${file} is no object.`);
  return schema;
}

/** A copy of a value with a text at a path, whatever stood there or was missing on the way. */
export function withTextAt(value: unknown, path: TextPath, text: string): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return text;
  if (typeof first === "number") return [withTextAt(Array.isArray(value) ? value[0] : undefined, rest, text)];
  const object = isObject(value) ? value : {};
  return { ...object, [first]: withTextAt(object[first], rest, text) };
}
