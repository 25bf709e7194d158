/**
 * Whether the repository has the WAL that a restore replays, without a gap. Pure.
 *
 * @module
 */
import type { BackupManifest, WalPlace } from "../pgbackrest/backup-manifest.ts";
import type { Ancestor } from "../pgbackrest/timeline-history.ts";
import type { RecoveryTarget } from "./restore-target.ts";

/** A segment of WAL in the repository. */
export interface WalSegment {
  /** Timeline, and place in it, as PostgreSQL names the file: 24 hexadecimal digits. */
  readonly name: string;
  /** When it reached the repository, in seconds since 1970: after the last of its transactions. */
  readonly recordedAt: number;
}

/** What was found of the WAL that a restore replays. */
export interface WalEvidence {
  /** The first and the last segment that are needed. */
  readonly first: string;
  readonly last: string;
  readonly missing: readonly string[];
  /** Up to when the WAL before the first gap reaches, in seconds since 1970; absent where even the backup itself lacks some. */
  readonly reachesTo?: number;
}

/** A stretch of a timeline that a restore follows. */
export interface WalStretch {
  readonly timeline: number;
  /** The numbers of the first and the last segment; no last one where it goes on as long as there is WAL. */
  readonly from: number;
  readonly to: number | undefined;
}

const defaultSegmentBytes = 16 * 1024 * 1024;
const segmentSizes = [
  defaultSegmentBytes,
  ...[1, 2, 4, 8, 32, 64, 128, 256, 512, 1024].map((mib) => mib * 1024 * 1024),
];

/** How large a segment is, in bytes: a server is made with one of eleven sizes, and names its segments accordingly. */
export function segmentBytes({ start, stop }: Pick<BackupManifest, "start" | "stop">): number {
  const fits = (bytes: number): boolean =>
    nameOf(0, numberAt(start.lsn, bytes), bytes).slice(8) === start.segment.slice(8) &&
    nameOf(0, numberAt(stop.lsn - 1n, bytes), bytes).slice(8) === stop.segment.slice(8);
  return segmentSizes.find(fits) ?? defaultSegmentBytes;
}

/**
 * The stretches of the timelines that a restore may read from, oldest first.
 *
 * @param ancestors The timelines from which the wanted one descends, oldest first.
 */
export function stretchesOf(
  manifest: Pick<BackupManifest, "start" | "stop">,
  target: RecoveryTarget,
  timeline: number,
  ancestors: readonly Ancestor[],
): readonly WalStretch[] {
  const bytes = segmentBytes(manifest);
  const first = numberAt(manifest.start.lsn, bytes);
  const end = target.kind === "backup" ? stopNumber(manifest.stop, bytes) : undefined;
  const ends = [
    ...ancestors.map((each) => ({ timeline: each.timeline, to: numberAt(each.endLsn, bytes) })),
    { timeline, to: end },
  ];
  const stretches: WalStretch[] = [];
  let from = 0;
  for (const { timeline: each, to } of ends) {
    const cut = to === undefined || end === undefined ? (to ?? end) : Math.min(to, end);
    const begins = Math.max(from, first);
    if (cut === undefined || begins <= cut) stretches.push({ timeline: each, from: begins, to: cut });
    from = to ?? from;
  }
  return stretches;
}

/** The folder in which pgBackRest keeps a segment, and the numbers of those that go into it. */
export function folderOf(name: string): string {
  return name.slice(0, 16);
}

/** Whether a folder of the archive may hold segments of a stretch. */
export function holdsSome(folder: string, { timeline, from, to }: WalStretch, bytes: number): boolean {
  if (Number.parseInt(folder.slice(0, 8), 16) !== timeline) return false;
  const high = Number.parseInt(folder.slice(8, 16), 16);
  const each = perFolder(bytes);
  return high >= Math.floor(from / each) && (to === undefined || high <= Math.floor(to / each));
}

/**
 * Compares the WAL that a restore replays with what lies in the repository.
 *
 * Up to a time, WAL is needed as far as the first segment that was archived after it: what came later, and whatever is
 * missing of it, does not matter. To the end of the timeline, all of it is needed: at a gap PostgreSQL would stop, and take
 * it for the end.
 */
export function judgeWal(
  manifest: Pick<BackupManifest, "start" | "stop">,
  target: RecoveryTarget,
  stretches: readonly WalStretch[],
  listed: readonly WalSegment[],
): WalEvidence {
  const bytes = segmentBytes(manifest);
  const found = new Map<number, number>();
  for (const { name, recordedAt } of listed) {
    const timeline = Number.parseInt(name.slice(0, 8), 16);
    const number = numberOf(name, bytes);
    const isRead = stretches.some(
      (each) =>
        each.timeline === timeline && number >= each.from && (each.to === undefined || number <= each.to),
    );
    // Where two timelines have a segment, the older one was archived first.
    if (isRead) found.set(number, Math.min(recordedAt, found.get(number) ?? Infinity));
  }
  const first = numberAt(manifest.start.lsn, bytes);
  const stop = stopNumber(manifest.stop, bytes);
  const last = Math.max(stop, lastNeeded(target, stop, found));
  const missing: string[] = [];
  let reachesTo: number | undefined;
  for (let number = first; number <= last; number += 1) {
    const recordedAt = found.get(number);
    if (recordedAt === undefined) missing.push(nameOf(timelineOf(number, stretches), number, bytes));
    else if (missing.length === 0 && number >= stop) reachesTo = recordedAt;
  }
  return {
    first: nameOf(timelineOf(first, stretches), first, bytes),
    last: nameOf(timelineOf(last, stretches), last, bytes),
    missing,
    ...(reachesTo === undefined ? {} : { reachesTo }),
  };
}

/** Whether a listed segment shows that no later one is needed. */
export function isBeyond(target: RecoveryTarget, { recordedAt }: Pick<WalSegment, "recordedAt">): boolean {
  return target.kind === "time" && recordedAt * 1_000_000 >= target.moment;
}

function lastNeeded(target: RecoveryTarget, stop: number, found: ReadonlyMap<number, number>): number {
  if (target.kind === "backup") return stop;
  const numbers = [...found.keys()].filter((number) => number >= stop).toSorted((a, b) => a - b);
  const beyond = numbers.find((number) => isBeyond(target, { recordedAt: found.get(number) ?? 0 }));
  return beyond ?? numbers.at(-1) ?? stop;
}

/** The newest timeline that has a segment, which is where PostgreSQL looks first. */
function timelineOf(number: number, stretches: readonly WalStretch[]): number {
  const holding = stretches.findLast(({ from, to }) => number >= from && (to === undefined || number <= to));
  return (holding ?? stretches.at(-1))?.timeline ?? 0;
}

/** A backup that ends where a segment ends needs no byte of the next one. */
function stopNumber(stop: WalPlace, bytes: number): number {
  return numberAt(stop.lsn - 1n, bytes);
}

function numberAt(lsn: bigint, bytes: number): number {
  return Number(lsn / BigInt(bytes));
}

function numberOf(name: string, bytes: number): number {
  return Number.parseInt(name.slice(8, 16), 16) * perFolder(bytes) + Number.parseInt(name.slice(16, 24), 16);
}

function nameOf(timeline: number, number: number, bytes: number): string {
  const each = perFolder(bytes);
  return [timeline, Math.floor(number / each), number % each]
    .map((part) => part.toString(16).toUpperCase().padStart(8, "0"))
    .join("");
}

/** One folder holds 4 GiB. */
function perFolder(bytes: number): number {
  return 2 ** 32 / bytes;
}
