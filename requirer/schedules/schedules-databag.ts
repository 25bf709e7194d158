/**
 * The schedules in the manager's peer application databag: the key `schedules`.
 *
 * @module
 */
import { PeerDatabagError } from "../../lib/errors.ts";
import { backupTypes, type BackupType, type Retention } from "../../lib/job/request.ts";
import type { Databag } from "../../lib/juju/juju.ts";
import { isObject } from "../../lib/wire/list-value.ts";
import { present } from "../../lib/wire/optional.ts";
import type { Schedule } from "./schedule.ts";

/** Writes schedules; the empty string where there is none. */
export function encodeSchedules(schedules: readonly Schedule[]): { readonly schedules: string } {
  return { schedules: schedules.length === 0 ? "" : JSON.stringify(schedules) };
}

/** Reads schedules. @throws PeerDatabagError where they cannot be understood. */
export function decodeSchedules(databag: Databag): readonly Schedule[] {
  const text = databag["schedules"] ?? "";
  if (text === "") return [];
  try {
    const items: unknown = JSON.parse(text);
    if (Array.isArray(items)) return items.map(decodeSchedule);
  } catch {
    // What JSON.parse throws quotes the text.
  }
  throw new PeerDatabagError(
    "The schedules in the manager's peer application databag cannot be read, so nothing is requested.",
    {
      remedy:
        "Look at them with juju show-unit; to give them up, let the leader delete the key: relation-set --app schedules=.",
    },
  );
}

function decodeSchedule(item: unknown): Schedule {
  if (!isObject(item)) throw new TypeError("no object");
  const text = (key: string): string => {
    const value = item[key];
    if (typeof value !== "string") throw new TypeError(`${key} is no text`);
    return value;
  };
  return present({
    name: text("name"),
    database: text("database"),
    cron: text("cron"),
    timezone: text("timezone"),
    backupType: backupTypes.find((type): type is BackupType => type === item["backupType"]) ?? "full",
    compression: item["compression"] !== false,
    retention: retentionOf(item["retention"]),
    paused: item["paused"] === true ? true : undefined,
    since: text("since"),
    missed: typeof item["missed"] === "number" ? item["missed"] : 0,
  });
}

function retentionOf(value: unknown): Retention | undefined {
  if (!isObject(value)) return undefined;
  const { full, days } = value;
  if (typeof full === "number") return { full };
  return typeof days === "number" ? { days } : undefined;
}
