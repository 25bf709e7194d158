/**
 * What an admin should know of a storage configuration that is used although a part of it has no effect.
 *
 * @module
 */
import type { IgnoredStorageFields, StorageConfig } from "../job/storage-config.ts";
import { fieldPath } from "./received.ts";

const mostNames = 5;

/** The fields that were given and have no effect, as sentences. No value is repeated. Pure. */
export function storageWarnings(storage: StorageConfig, ignored: IgnoredStorageFields): readonly string[] {
  const given: Readonly<Record<keyof IgnoredStorageFields, boolean>> = {
    attributes: (storage.attributes ?? []).some((attribute) => attribute.trim() !== ""),
    "storage-class": (storage.storageClass ?? "").trim() !== "",
  };
  const warnings = (["storage-class", "attributes"] as const)
    .filter((field) => given[field] && ignored[field] !== undefined)
    .map((field) => `storage-config.${field} is ignored: ${ignored[field]}.`);
  const unknown = (storage.unknownFields ?? []).map((field) => fieldPath("storage-config", [field]));
  if (unknown.length === 0) return warnings;
  const named = unknown.slice(0, mostNames);
  if (unknown.length > mostNames) named.push(`${unknown.length - mostNames} more`);
  const one = unknown.length === 1;
  return [
    ...warnings,
    `${joined(named)} ${one ? "is" : "are"} ignored: the interface s3 has no such field${one ? "" : "s"}.`,
  ];
}

function joined(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length === 1 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
