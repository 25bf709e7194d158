/**
 * Timelines, and how one descends from another, as PostgreSQL's history files tell. Pure.
 *
 * @module
 * @see https://www.postgresql.org/docs/15/continuous-archiving.html#BACKUP-TIMELINES
 */

/** A timeline that the repository knows by its history file. */
export interface Timeline {
  readonly timeline: number;
  /** When the history file reached the repository, in seconds since 1970: shortly after the timeline began. */
  readonly recordedAt: number;
}

/** A timeline from which another one descends, and where it left it. */
export interface Ancestor {
  readonly timeline: number;
  readonly endLsn: bigint;
}

/** Reads a history file of PostgreSQL: the timelines from which one descends, oldest first. */
export function parseHistory(text: string): readonly Ancestor[] {
  const ancestors: Ancestor[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+([0-9A-Fa-f]+)\/([0-9A-Fa-f]+)/.exec(line);
    if (match === null) continue;
    ancestors.push({
      timeline: Number(match[1]),
      endLsn: (BigInt(`0x${match[2] ?? "0"}`) << 32n) + BigInt(`0x${match[3] ?? "0"}`),
    });
  }
  return ancestors;
}
