/**
 * The times of schedules. Pure; loaded where there are schedules.
 *
 * @module
 */
import { Cron } from "croner";
import { ConfigurationError } from "../../lib/errors.ts";
import { shortened } from "../../lib/printable.ts";
import type { PlannedSchedule, Schedule, ScheduleSettings } from "./schedule.ts";

/** Times beyond are not counted one by one: they are "1000 or more". */
const mostCounted = 1_000;
const longestCron = 60;
const longestZone = 48;
const longestDatabase = 64;

/** What is due. */
export interface Due {
  /** The newest time that has come: the one that is made up for. RFC 3339 in UTC. */
  readonly slot: string;
  /** How many older ones there are. */
  readonly older: number;
}

/**
 * Makes a schedule, whose first time is the next one.
 *
 * @throws ConfigurationError where its name, its times or its time zone are none, or where it never comes.
 */
export function newSchedule(settings: ScheduleSettings, now: Date): Schedule {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(settings.name)) {
    throw new ConfigurationError(`"${shortened(settings.name, 60)}" is no name for a schedule.`, {
      remedy: "Name it with lower-case letters, digits and hyphens, 32 characters at most.",
    });
  }
  if (settings.database.length > longestDatabase) {
    throw new ConfigurationError("The name of the database is too long.", {
      remedy: "Name an application that is related.",
    });
  }
  const schedule = { ...settings, since: now.toISOString(), missed: 0 };
  if (nextTime(schedule, now) === undefined) {
    throw new ConfigurationError(`The times "${shortened(settings.cron, longestCron)}" never come.`, {
      remedy: "Name a day that exists, for example 0 2 * * 0 for Sundays at two.",
    });
  }
  return schedule;
}

/** A schedule with the time that comes next. @throws ConfigurationError */
export function planned(schedule: Schedule, now: Date): PlannedSchedule {
  const next = schedule.paused === true ? undefined : nextTime(schedule, now);
  return next === undefined ? schedule : { ...schedule, next: next.toISOString() };
}

/** The next time of a schedule after a moment; undefined where there is none. @throws ConfigurationError */
export function nextTime(schedule: Pick<Schedule, "cron" | "timezone">, after: Date): Date | undefined {
  return timesOf(schedule).nextRun(after) ?? undefined;
}

/** What of a schedule has come and has not been dealt with; undefined where nothing has. */
export function dueOf(schedule: Schedule, now: Date): Due | undefined {
  if (schedule.paused === true) return undefined;
  const times = timesOf(schedule);
  let slot: Date | undefined;
  let older = -1;
  let next = times.nextRun(new Date(schedule.since));
  while (next !== null && next <= now) {
    slot = next;
    older += 1;
    if (older >= mostCounted) {
      // The newest one is what matters, and after a year of a schedule by the minute there are half a million.
      slot = times.previousRuns(1, new Date(now.getTime() + 1))[0] ?? slot;
      break;
    }
    next = times.nextRun(next);
  }
  return slot === undefined ? undefined : { slot: slot.toISOString(), older };
}

function timesOf({ cron, timezone }: Pick<Schedule, "cron" | "timezone">): Cron {
  const shown = shortened(cron, longestCron);
  if (cron.length > longestCron || cron.trim().split(/\s+/).length !== 5) {
    throw new ConfigurationError(`"${shown}" does not say when: expected five fields.`, {
      remedy:
        "Give minute, hour, day of the month, month and day of the week, for example 0 2 * * 0 for Sundays at two.",
    });
  }
  requireZone(timezone);
  try {
    return new Cron(cron.trim(), { timezone, paused: true });
  } catch {
    throw new ConfigurationError(`"${shown}" does not say when: a field is none that cron knows.`, {
      remedy:
        "Give minute, hour, day of the month, month and day of the week, for example 0 2 * * 0 for Sundays at two.",
    });
  }
}

function requireZone(timezone: string): void {
  try {
    if (timezone.length > longestZone) throw new RangeError("too long");
    Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    throw new ConfigurationError(`There is no time zone "${shortened(timezone, longestZone)}".`, {
      remedy: "Name one of the IANA database, for example Europe/Berlin, or UTC.",
    });
  }
}
