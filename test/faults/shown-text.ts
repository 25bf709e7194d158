/**
 * What an admin was shown, without what differs from run to run.
 *
 * @module
 */
import type { Shown } from "./fault.ts";

/** What each run has of its own, and what stands for it. In this order: a file's path holds some of the others. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\/tmp\/backup-servers-\w+/g, "…"],
  [/localhost:\d+/g, "s3.example"],
  [/\b\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?\b/g, "BACKUP"],
  [/\b[0-9A-F]{24}\b/g, "SEGMENT"],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?| UTC)?/g, "TIME"],
  [/\b\d{19}\b/g, "IDENTIFIER"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "ID"],
  [/\bfrom node\d to node\d\b/g, "from MEMBER to MEMBER"],
  [/\bport \d+\b/g, "port NUMBER"],
  [/\bfence \d+\b/g, "fence NUMBER"],
  [/\bleft \d+ pgBackRest processes/g, "left NUMBER pgBackRest processes"],
  [/\bprocess \d+\b/g, "process NUMBER"],
  [/BACKUP\/(?:pg_data|bundle)\/[\w/.]*\w/g, "BACKUP/FILE"],
  [/\bOf the \d+ files/g, "Of the NUMBER files"],
  [/\b[\d.]+ (?:[KMG]i)?B\b/g, "SIZE"],
];

/** The text of what an admin was shown, with what varies from run to run replaced. */
export function shownText({ what, end, code, message, remedy }: Shown): string {
  const head =
    what === "status" ? `juju status: ${end}` : `${what}: ${end}${code === undefined ? "" : ` (${code})`}`;
  const said = [message, remedy].filter((text) => text !== undefined && text !== "").join(" ");
  return withoutVariety(said === "" ? head : `${head}: ${said}`);
}

function withoutVariety(text: string): string {
  return varying.reduce((changed, [pattern, stand]) => changed.replaceAll(pattern, stand), text);
}
