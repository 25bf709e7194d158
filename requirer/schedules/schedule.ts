/**
 * Schedules: backups that are asked for by the clock.
 *
 * @module
 */
import type { BackupType, Retention } from "../../lib/job/request.ts";

/** When which database is backed up. */
export interface Schedule {
  /** Lower case, digits and hyphens, 32 characters at most. Unique. */
  readonly name: string;
  /** The database's application, or its relation id. */
  readonly database: string;
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  /** An IANA name. */
  readonly timezone: string;
  readonly backupType: BackupType;
  readonly compression: boolean;
  readonly retention?: Retention;
  /** Whether nothing is asked for until it goes on. */
  readonly paused?: true;
  /** Up to when its times have been dealt with, RFC 3339 in UTC. */
  readonly since: string;
  /** How many of its times have gone by without a backup, because another was still open or nobody was there to ask. */
  readonly missed: number;
}

/** What a schedule is made of. */
export type ScheduleSettings = Omit<Schedule, "since" | "missed" | "paused">;

/** How many schedules there may be. */
export const maxSchedules = 32;

/** A schedule with its next time. */
export interface PlannedSchedule extends Schedule {
  /** RFC 3339 in UTC; absent while it is paused. */
  readonly next?: string;
  /** What an admin should know of it. Default: nothing. */
  readonly warning?: string;
}
