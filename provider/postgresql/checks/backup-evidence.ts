/**
 * Whether all files of a backup are in the repository, through the chain of backups that it builds upon. Pure.
 *
 * @module
 */
import type { BackupManifest } from "../pgbackrest/backup-manifest.ts";

/** What was found of the files that a backup needs. */
export interface BackupEvidence {
  /** How many files it needs. Those that are bundled are one. */
  readonly needed: number;
  /** Those that are missing or have another size, as paths below the folder of all backups. */
  readonly wrong: readonly string[];
}

/** The sizes of the files in each backup's folder, in bytes, by label and path. */
export type ListedFolders = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The evidence where not even a manifest is there. */
export function withoutManifest(label: string): BackupEvidence {
  return { needed: 1, wrong: [`${label}/backup.manifest`] };
}

/** Compares what a manifest names with what lies in the repository. */
export function judgeFiles(manifest: BackupManifest, listed: ListedFolders): BackupEvidence {
  let needed = 0;
  const wrong: string[] = [];
  for (const [label, files] of manifest.files) {
    const there = listed.get(label);
    for (const [path, { bytes, isWhole }] of files) {
      needed += 1;
      const size = there?.get(path);
      const isRight = size !== undefined && (isWhole ? size === bytes : size >= bytes);
      if (!isRight) wrong.push(`${label}/${path}`);
    }
  }
  return { needed, wrong };
}
