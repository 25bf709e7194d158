/**
 * Decides what a restore restores: which backup, which timeline, up to where. Pure.
 *
 * Follows the boxes "Has user provided a backup id?" and "Is backup id valid?" of the restore flowchart, and goes
 * beyond them where a request names a time.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import type { RepositoryBackup } from "../pgbackrest/pgbackrest-info.ts";
import type { Ancestor, Timeline } from "../pgbackrest/timeline-history.ts";
import { rfc3339, rfc3339OfSeconds, type Moment } from "../restore-time.ts";

/** What a request wants, its time already read. */
export interface RestoreWish {
  /** A backup's label. */
  readonly backupId?: string;
  readonly time?: Moment | "latest";
  readonly timeline?: number;
}

/** What there is to restore from. */
export interface RestoreSource {
  /** The backups of the stanza, oldest first. */
  readonly backups: readonly RepositoryBackup[];
  readonly timelines: readonly Timeline[];
}

/** Up to where the WAL is replayed. */
export type RecoveryTarget =
  /** To the end of the backup itself. */
  | { readonly kind: "backup" }
  | { readonly kind: "time"; readonly moment: Moment }
  /** To the end of the timeline. */
  | { readonly kind: "latest" };

/** What a restore restores. */
export interface RestorePlan {
  readonly backup: RepositoryBackup;
  readonly timeline: number;
  readonly target: RecoveryTarget;
}

/** A decision, or why there is none. */
export type Decision<T> =
  { readonly decided: true; readonly value: T } | { readonly decided: false; readonly failure: Failure };

/**
 * The timeline to recover along.
 *
 * It is the one that the request names; else, with a time, the one that held at that moment, as the newest history
 * file or backup before it tells; else, with `latest`, the newest; else the backup's own. A backup that the request
 * names decides where the two do not go together.
 */
export function chooseTimeline(
  wish: RestoreWish,
  source: RestoreSource,
  ancestorsOf: (timeline: number) => readonly Ancestor[],
): Decision<number> {
  const usable = source.backups.filter(isWhole);
  const named = wish.backupId === undefined ? undefined : findBackup(wish.backupId, usable);
  if (named?.decided === false) return named;
  if (wish.timeline !== undefined) {
    const known = knownTimelines(source);
    if (!known.includes(wish.timeline))
      return failed(
        "restore-timeline-unknown",
        `The repository has no timeline ${wish.timeline}; it has ${known.join(", ")}.`,
        "Name one of these timelines in restore-timeline, or leave it out.",
      );
    return { decided: true, value: wish.timeline };
  }
  if (wish.time === undefined) {
    if (named === undefined)
      return failed(
        "restore-target-missing",
        "The request names neither a backup nor a time.",
        "Give artefact-path or restore-to-time, or both.",
      );
    return { decided: true, value: named.value.timeline };
  }
  const held = wish.time === "latest" ? knownTimelines(source).at(-1) : timelineAt(wish.time, source);
  if (held === undefined) return noBackups;
  if (named !== undefined && !liesOn(named.value, held, ancestorsOf(held)))
    return { decided: true, value: named.value.timeline };
  return { decided: true, value: held };
}

/**
 * The backup to begin with, and up to where to replay from it.
 *
 * @param ancestors The timelines from which the chosen one descends.
 */
export function chooseBackup(
  wish: RestoreWish,
  timeline: number,
  ancestors: readonly Ancestor[],
  source: RestoreSource,
): Decision<RestorePlan> {
  const usable = source.backups.filter(isWhole);
  if (wish.backupId !== undefined) {
    const named = findBackup(wish.backupId, usable);
    if (!named.decided) return named;
    return planFor(wish, named.value, timeline, ancestors);
  }
  const onLine = usable.filter((backup) => liesOn(backup, timeline, ancestors));
  const earliest = onLine[0];
  if (earliest === undefined)
    return failed(
      "restore-no-base-backup",
      `The repository has no backup on timeline ${timeline} or on those it descends from.`,
      "Name another timeline in restore-timeline, or a backup in artefact-path.",
    );
  const { time } = wish;
  const base = time === "latest" ? onLine.at(-1) : onLine.findLast((backup) => isBefore(backup, time ?? 0));
  if (base === undefined) return tooEarly(time === "latest" ? 0 : (time ?? 0), earliest);
  return planFor(wish, base, timeline, ancestors);
}

/** Whether a backup lies on a timeline or on one of its ancestors, before the place where it was left. */
export function liesOn(backup: RepositoryBackup, timeline: number, ancestors: readonly Ancestor[]): boolean {
  if (backup.timeline === timeline) return true;
  return ancestors.some(
    (ancestor) => ancestor.timeline === backup.timeline && backup.stopLsn <= ancestor.endLsn,
  );
}

function isWhole(backup: RepositoryBackup): boolean {
  return !backup.failed;
}

function planFor(
  wish: RestoreWish,
  backup: RepositoryBackup,
  timeline: number,
  ancestors: readonly Ancestor[],
): Decision<RestorePlan> {
  if (!liesOn(backup, timeline, ancestors))
    return failed(
      "restore-backup-not-on-timeline",
      `The backup ${backup.label} was made on timeline ${backup.timeline}, from which timeline ${timeline} does not ` +
        "descend after the backup's end.",
      "Leave restore-timeline out, or name a backup of that timeline.",
    );
  if (wish.time === undefined)
    return { decided: true, value: { backup, timeline, target: { kind: "backup" } } };
  if (wish.time === "latest")
    return { decided: true, value: { backup, timeline, target: { kind: "latest" } } };
  if (!isBefore(backup, wish.time)) return tooEarly(wish.time, backup);
  return { decided: true, value: { backup, timeline, target: { kind: "time", moment: wish.time } } };
}

/**
 * The end of a backup is known in whole seconds, cut; so a time within that second may be before its true end, where
 * the database is not consistent yet.
 */
function isBefore(backup: RepositoryBackup, time: Moment): boolean {
  return earliestMoment(backup) <= time;
}

function earliestMoment(backup: RepositoryBackup): Moment {
  return (backup.finishedAt + 1) * 1_000_000;
}

function tooEarly(time: Moment, earliest: RepositoryBackup): Decision<never> {
  return failed(
    "restore-time-too-early",
    `The time ${rfc3339(time)} lies before the end of the backup ${earliest.label}, which ended at ` +
      `${rfc3339OfSeconds(earliest.finishedAt)}.`,
    `Give ${rfc3339(earliestMoment(earliest))} or a later time.`,
  );
}

function timelineAt(time: Moment, source: RestoreSource): number | undefined {
  const marks = [
    ...source.timelines.map(({ timeline, recordedAt }) => ({ timeline, at: recordedAt })),
    ...source.backups.map(({ timeline, startedAt }) => ({ timeline, at: startedAt })),
  ].toSorted((a, b) => a.at - b.at || a.timeline - b.timeline);
  const before = marks.findLast(({ at }) => at * 1_000_000 <= time);
  return (before ?? marks[0])?.timeline;
}

function knownTimelines(source: RestoreSource): readonly number[] {
  const all = new Set([
    ...source.backups.map(({ timeline }) => timeline),
    ...source.timelines.map(({ timeline }) => timeline),
  ]);
  return [...all].toSorted((a, b) => a - b);
}

function findBackup(id: string, backups: readonly RepositoryBackup[]): Decision<RepositoryBackup> {
  const found = backups.find(({ label }) => label === id);
  if (found !== undefined) return { decided: true, value: found };
  if (backups.length === 0) return noBackups;
  const newest = backups.slice(-5).map(({ label }) => label);
  const more = backups.length > newest.length ? ` (the newest of ${backups.length})` : "";
  return failed(
    "restore-backup-unknown",
    `Invalid backup-id: ${id}. The repository has ${newest.join(", ")}${more}.`,
    "Name one of the listed backups.",
  );
}

const noBackups: Decision<never> = failed(
  "restore-no-backups",
  "The repository has no backup of this stanza.",
  "Check bucket and path of the storage configuration, or make a backup first.",
);

function failed(code: string, message: string, remedy: string): Decision<never> {
  return { decided: false, failure: { code, message, remedy } };
}
