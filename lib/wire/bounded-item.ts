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
    if (isObject(object)) changes[field] = withFewUnknownFields(object, known);
  }
  const storage = item["storage-config"];
  if (isObject(storage)) changes["storage-config"] = withoutRepeatedFaults(storage);
  return { ...item, ...changes };
}

function withFewUnknownFields(object: JsonObject, known: readonly string[]): JsonObject {
  let unknown = 0;
  const kept = Object.entries(object).filter(([key]) => {
    if (known.includes(key)) return true;
    unknown += 1;
    return unknown <= maxUnknownFields;
  });
  return Object.fromEntries(kept);
}

/** In lists of texts everything after the first item that is no text goes. */
function withoutRepeatedFaults(storage: JsonObject): JsonObject {
  const cut: Record<string, unknown> = {};
  for (const field of listsOfTexts) {
    const list = storage[field];
    if (!Array.isArray(list)) continue;
    const wrong = list.findIndex((item) => typeof item !== "string");
    if (wrong >= 0) cut[field] = list.slice(0, wrong + 1);
  }
  return { ...storage, ...cut };
}
