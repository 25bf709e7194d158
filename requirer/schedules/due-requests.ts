/**
 * What schedules ask for in one dispatch.
 *
 * @module
 */
import { v5 as uuidOf } from "uuid";
import { isDatabaseBackupError } from "../../lib/errors.ts";
import type { Juju } from "../../lib/juju/juju.ts";
import type { ManagerDraft } from "../manager-draft.ts";
import type { Schedule } from "./schedule.ts";

/** What scheduled jobs are named in, so that a schedule and its time make one id. */
const namespace = "5f9d3c52-6a0e-4c06-9d0f-0d6b3a1f7e21";

/**
 * The id of a schedule's job: another leader, or the same hook once more, comes to the same, and a job is asked for once.
 *
 * @param slot The time of the schedule that the job is for, RFC 3339 in UTC.
 */
export function idOfSlot(
  { modelUuid, application }: Pick<Juju, "modelUuid" | "application">,
  schedule: string,
  slot: string,
): string {
  return uuidOf(`${modelUuid} ${application} ${schedule} ${slot}`, namespace);
}

/**
 * Asks for what is due. What cannot be asked for is tried again in the next dispatch.
 *
 * @param ask Asks for the backup of one time.
 * @returns Why schedules could not ask, one line each.
 * @throws HookToolError
 */
export async function askForDue(
  draft: ManagerDraft,
  now: Date,
  ask: (schedule: Schedule, slot: string) => Promise<void>,
): Promise<readonly string[]> {
  if (draft.schedules.length === 0) return [];
  const { dueOf } = await import("./schedule-times.ts");
  const trouble: string[] = [];
  const schedules: Schedule[] = [];
  for (const schedule of draft.schedules) {
    const due = dueOf(schedule, now);
    if (due === undefined) {
      schedules.push(schedule);
      continue;
    }
    const isOpen = draft.history.open.some((job) => job.schedule?.name === schedule.name);
    try {
      if (!isOpen) await ask(schedule, due.slot);
      const missed = schedule.missed + due.older + (isOpen ? 1 : 0);
      schedules.push({ ...schedule, since: due.slot, missed });
    } catch (error) {
      if (!isDatabaseBackupError(error) || error.code === "hook-tool-failed") throw error;
      trouble.push(`schedule ${schedule.name}: ${error.message}`);
      schedules.push(schedule);
    }
  }
  draft.schedules = schedules;
  return trouble;
}
