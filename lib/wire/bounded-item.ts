/**
 * Takes out of a received item what could only repeat a finding, as often as a databag of 16 MB has room for.
 *
 * @module
 */
import { isObject, type JsonObject } from "./list-value.ts";

/** The objects that allow no other fields, with those that they allow. */
const closed: Readonly<Record<string, readonly string[]>> = {
  "job-config": ["compression"],
  retention: ["full", "days"],
};
const listsOfTexts = ["tls-ca-chain", "attributes"] as const;
const maxUnknownFields = 10;

/** The item, or a copy with fewer faults that is valid only if the item is. */
export function bounded(item: JsonObject): JsonObject {
  const changes: Record<string, unknown> = {};
  for (const [field, known] of Object.entries(closed)) {
    const object = item[field];
    if (!isObject(object)) continue;
    const unknown = Object.keys(object).filter((key) => !known.includes(key));
    if (unknown.length > maxUnknownFields)
      changes[field] = picked(object, [...known, ...unknown.slice(0, maxUnknownFields)]);
  }
  const storage = item["storage-config"];
  const cut = isObject(storage) ? cutLists(storage) : {};
  if (isObject(storage) && Object.keys(cut).length > 0) changes["storage-config"] = { ...storage, ...cut };
  return Object.keys(changes).length === 0 ? item : { ...item, ...changes };
}

function picked(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(object, key)).map((key) => [key, object[key]]),
  );
}

/** The lists of texts that hold anything else, without what follows the first such item. */
function cutLists(storage: JsonObject): JsonObject {
  const cut: Record<string, unknown> = {};
  for (const field of listsOfTexts) {
    const list = storage[field];
    if (!Array.isArray(list)) continue;
    const wrong = list.findIndex((item) => typeof item !== "string");
    if (wrong >= 0 && wrong + 1 < list.length) cut[field] = list.slice(0, wrong + 1);
  }
  return cut;
}
