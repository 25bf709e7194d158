/**
 * Looks for the proof that a restore can succeed: that the repository has all files of the backup, and the WAL.
 *
 * @module
 */
import { judgeFiles, withoutManifest, type BackupEvidence } from "../checks/backup-evidence.ts";
import type { Decision, RestorePlan } from "../checks/restore-target.ts";
import {
  holdsSome,
  isBeyond,
  judgeWal,
  segmentBytes,
  stretchesOf,
  type WalEvidence,
  type WalSegment,
} from "../checks/wal-evidence.ts";
import type { BackupManifest } from "../pgbackrest/backup-manifest.ts";
import type { PgBackRest } from "../pgbackrest/pgbackrest.ts";
import type { Stanza } from "../pgbackrest/pgbackrest-info.ts";
import type { Ancestor } from "../pgbackrest/timeline-history.ts";

/** What is to be restored, and where it lies. */
export interface ChosenRestore {
  /** Which may be another cluster's. */
  readonly stanza: Stanza;
  /** The folder of the WAL archive, for example `15-1`; undefined where there is none. */
  readonly archiveId: string | undefined;
  readonly plan: Decision<RestorePlan>;
  /** The timelines from which the plan's one descends, oldest first. */
  readonly ancestors: readonly Ancestor[];
}

/** What was found. What could not be looked for, because something before it is missing, is undefined. */
export interface RestoreEvidence {
  readonly files: BackupEvidence;
  readonly systemId: string | undefined;
  readonly wal: WalEvidence | undefined;
}

/** Looks for the files and the WAL of what was chosen; undefined where nothing was. */
export async function gatherEvidence(
  pgbackrest: PgBackRest,
  chosen: ChosenRestore,
  signal: AbortSignal,
): Promise<RestoreEvidence | undefined> {
  const { stanza, plan } = chosen;
  if (!plan.decided) return undefined;
  const { label } = plan.value.backup;
  const manifest = await pgbackrest.manifest(stanza.name, label, signal);
  if (manifest === undefined) return { files: withoutManifest(label), systemId: undefined, wal: undefined };
  const listed = new Map<string, ReadonlyMap<string, number>>();
  for (const each of manifest.files.keys())
    listed.set(each, await pgbackrest.backupFiles(stanza.name, each, signal));
  return {
    files: judgeFiles(manifest, listed),
    systemId: manifest.systemId,
    wal: await walEvidence(pgbackrest, chosen, plan.value, manifest, signal),
  };
}

async function walEvidence(
  pgbackrest: PgBackRest,
  { stanza, archiveId, ancestors }: ChosenRestore,
  { target, timeline }: RestorePlan,
  manifest: BackupManifest,
  signal: AbortSignal,
): Promise<WalEvidence> {
  const stretches = stretchesOf(manifest, target, timeline, ancestors);
  const bytes = segmentBytes(manifest);
  const folders = archiveId === undefined ? [] : await pgbackrest.walFolders(stanza.name, archiveId, signal);
  const wanted = folders
    .filter((folder) => stretches.some((stretch) => holdsSome(folder, stretch, bytes)))
    // By place and not by timeline, so that a time is come across as soon as it can be.
    .toSorted((a, b) => (a.slice(8) < b.slice(8) ? -1 : 1));
  const segments: WalSegment[] = [];
  for (const [index, folder] of wanted.entries()) {
    const found = await pgbackrest.walSegments(stanza.name, archiveId ?? "", folder, signal);
    segments.push(...found);
    const isLastOfPlace = wanted[index + 1]?.slice(8) !== folder.slice(8);
    const stopFolder = manifest.stop.segment.slice(8, 16);
    const isPastBackup = folder.slice(8) > stopFolder;
    if (isLastOfPlace && isPastBackup && found.some((each) => isBeyond(target, each))) break;
  }
  return judgeWal(manifest, target, stretches, segments);
}
