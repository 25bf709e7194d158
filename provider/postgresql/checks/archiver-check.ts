/**
 * Whether PostgreSQL's archiver stands still for ever. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";

/** What a primary says of its archiver. */
export interface ArchiverState {
  /** The file that it could not archive when it last tried; undefined where it last archived one. */
  readonly failing: string | undefined;
  /** The server's timeline. */
  readonly timeline: number;
}

/**
 * Decides on the one thing that archiving does not get over by itself. A primary that was killed and comes back archives the rest
 * of its WAL before it rewinds; a member that leads later has the same segment, cut where the timeline was left, and pgBackRest
 * takes no other content under a name. PostgreSQL archives in order of time, so all that comes later waits.
 */
export function rejectArchiver({ failing, timeline }: ArchiverState): Failure | undefined {
  if (failing === undefined || !/^[0-9A-F]{24}$/.test(failing)) return undefined;
  if (Number.parseInt(failing.slice(0, 8), 16) >= timeline) return undefined;
  const status = `pg_wal/archive_status/${failing}`;
  return {
    code: "archiving-stuck",
    message: `PostgreSQL cannot archive the WAL segment ${failing} of an earlier timeline, and nothing that comes after it.`,
    remedy:
      `If PostgreSQL's log says that it "already exists" in the repository, rename ${status}.ready on the primary to ` +
      `${failing}.done, then make a full backup; else do what the log says.`,
  };
}
