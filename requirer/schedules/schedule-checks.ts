/**
 * What is wrong with the name of a schedule.
 *
 * @module
 */
import { RequestError } from "../../lib/errors.ts";
import { shownId } from "../../lib/printable.ts";
import { maxSchedules, type Schedule } from "./schedule.ts";

/** @throws RequestError where there is one of this name, or too many. */
export function requireRoomForSchedule(schedules: readonly Schedule[], name: string): void {
  if (schedules.some((schedule) => schedule.name === name)) {
    throw new RequestError("request-invalid", `There is a schedule ${shownId(name)} already.`, {
      remedy: "Choose another name, or remove the other schedule first: remove-schedule.",
    });
  }
  if (schedules.length < maxSchedules) return;
  throw new RequestError(
    "request-invalid",
    `There are ${maxSchedules} schedules already, and no more can be kept.`,
    {
      remedy: "Remove one first: remove-schedule.",
    },
  );
}

/** There is no schedule of this name. */
export function scheduleUnknown(name: string, schedules: readonly Schedule[]): RequestError {
  const names = schedules.map((schedule) => schedule.name).join(", ");
  return new RequestError("schedule-unknown", `There is no schedule ${shownId(name)}.`, {
    remedy: names === "" ? "Add one: add-schedule." : `Name one of: ${names}.`,
  });
}
