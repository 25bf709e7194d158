/**
 * Where a backup lies in the bucket: `/<path>/backup/<stanza>/<label>/`. Pure.
 *
 * @module
 */
import type { Failure } from "../../lib/job/report.ts";
import { storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";

/** What an artefact path or a bare label names. */
export type NamedBackup =
  { readonly label: string; readonly stanza?: string } | { readonly failure: Failure };

/** The artefact path of a backup, relative to the bucket. */
export function artefactPathOf(storage: StorageConfig, stanza: string, label: string): string {
  const { path } = storageLocation(storage);
  return `${path === "/" ? "" : path}/backup/${stanza}/${label}/`;
}

/** The folder for the log and the record of a job, relative to the storage's path. */
export function recordFolderOf(stanza: string, name: string): string {
  return `database-backup/${stanza}/${name}`;
}

/** Reads an artefact path, or a label alone. */
export function parseArtefact(text: string, storage: StorageConfig): NamedBackup {
  const parts = text.split("/").filter((part) => part !== "");
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return { label: only };
  const base = storageLocation(storage)
    .path.split("/")
    .filter((part) => part !== "");
  const [marker, stanza, label, ...rest] = parts.slice(base.length);
  const inside = base.every((part, index) => parts[index] === part);
  if (inside && marker === "backup" && stanza !== undefined && label !== undefined && rest.length === 0)
    return { stanza, label };
  return {
    failure: {
      code: "artefact-path-invalid",
      message: `The artefact path "${text}" is not of the form ${artefactPathOf(storage, "<stanza>", "<backup>")}.`,
      remedy:
        "Give the artefact path as the backup reported it, with the storage's own path, or the backup's id alone.",
    },
  };
}
