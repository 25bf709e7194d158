/**
 * What to tell of a wanted time that the WAL does not reach. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import { parseMoment, rfc3339 } from "../restore-time.ts";

/**
 * The failure of a restore whose WAL ended before the wanted time.
 *
 * PostgreSQL knows that it has passed a time by a transaction that was completed later. So the time of the last one is itself
 * out of reach, and everything before it is not.
 *
 * @param log What PostgreSQL logged.
 */
export function unreachableTarget(log: string): Failure {
  const last = [
    ...log.matchAll(/last completed transaction was at log time (\S+ \S+?)([+-]\d\d)(:\d\d)?(?=\s|$)/g),
  ].at(-1);
  const parsed = last === undefined ? undefined : parseMoment(`${last[1]}${last[2]}${last[3] ?? ":00"}`);
  const ends = "The archived WAL of that timeline ends before the wanted time";
  if (parsed?.kind !== "moment")
    return {
      code: "restore-target-unreachable",
      message: `${ends}.`,
      remedy: "Give an earlier restore-to-time, another restore-timeline, or latest.",
    };
  const time = rfc3339(parsed.moment);
  return {
    code: "restore-target-unreachable",
    message: `${ends}: its last transaction was completed at ${time}.`,
    remedy: `Give a restore-to-time before ${time}, another restore-timeline, or latest.`,
  };
}
