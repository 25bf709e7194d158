/**
 * Proves that a restored database is what was asked for. Pure but for {@link readProof}.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import type { Psql } from "../psql.ts";
import type { RestoreGoal } from "./restore-journal.ts";

/** What the restored database says of itself. */
export interface RestoreProof {
  readonly inRecovery: boolean;
  readonly timeline: number;
  /** From the history file that the promotion wrote: the timeline it left, where, and why there. */
  readonly left: { readonly timeline: number; readonly lsn: string; readonly reason: string } | undefined;
  /** The segment of WAL in which it left that timeline. Its name is that of the new one. */
  readonly lastSegment: string | undefined;
}

/** Asks the restored database. */
export async function readProof(psql: Psql): Promise<RestoreProof> {
  const [row] = await psql.query(
    "SELECT pg_is_in_recovery(), (pg_control_checkpoint()).timeline_id, " +
      "coalesce(replace(pg_read_file(format('pg_wal/%s.history', lpad(upper(to_hex((pg_control_checkpoint()).timeline_id)), 8, '0')), 0, 1000000, true), E'\\n', '|'), '')",
  );
  const [recovery, timeline, history = ""] = [row?.[0], Number(row?.[1]), row?.slice(2).join("\t")];
  const left = lastLine(history);
  const lastSegment =
    left === undefined ? undefined : await psql.value(`SELECT pg_walfile_name('${left.lsn}')`);
  return { inRecovery: recovery !== "f", timeline, left, lastSegment };
}

/** Why a proof does not hold; undefined where it does. */
export function rejectProof(
  proof: RestoreProof,
  goal: Pick<RestoreGoal, "timeline" | "target" | "lastSegment">,
): Failure | undefined {
  if (proof.inRecovery) return notProven("the server is still in recovery");
  if (proof.timeline <= goal.timeline)
    return notProven(`the server is on timeline ${proof.timeline}, which is not newer than ${goal.timeline}`);
  if (proof.left === undefined) return notProven(`timeline ${proof.timeline} has no history file`);
  if (proof.left.timeline !== goal.timeline)
    return notProven(`it followed timeline ${proof.left.timeline} and not ${goal.timeline}`);
  if (goal.target.kind === "time" && !/^(before|after) /.test(proof.left.reason))
    return notProven(`recovery ended for another reason than the wanted time: ${proof.left.reason}`);
  if (goal.target.kind === "backup" && !proof.left.reason.startsWith("reached consistency"))
    return notProven(`recovery ended for another reason than the backup's end: ${proof.left.reason}`);
  // PostgreSQL takes a segment that it could not get for one that there is not, and its timeline for ended.
  if (goal.lastSegment !== undefined && placeOf(proof.lastSegment ?? "") < placeOf(goal.lastSegment))
    return {
      code: "restore-wal-unread",
      message: `Recovery ended at ${proof.left.lsn}, before the last segment of WAL in the repository, ${goal.lastSegment}.`,
      remedy:
        "Check that the storage answers, then request the restore again; where the segment is damaged, restore to a time before.",
    };
  return undefined;
}

/** Where a segment lies, whichever timeline it is of. */
function placeOf(segment: string): string {
  return segment.slice(8);
}

function lastLine(history: string): RestoreProof["left"] {
  const line = history.split("|").findLast((text) => text.trim() !== "");
  const match = line === undefined ? null : /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)\s+(.*)$/.exec(line);
  return match === null
    ? undefined
    : { timeline: Number(match[1]), lsn: match[2] ?? "", reason: match[3] ?? "" };
}

function notProven(why: string): Failure {
  return {
    code: "restore-not-proven",
    message: `The restored database is not what was asked for: ${why}.`,
    remedy: "Read the job's log and PostgreSQL's log of the time of the restore.",
  };
}
