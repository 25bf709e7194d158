/**
 * Times on the wire: what RFC 3339 means beyond what a pattern can say.
 *
 * @module
 */
import { quoted, shown } from "./received.ts";

const withoutOffset = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/;

/** Tells whether the day of a time that matches the schema's pattern exists: 30 February does not. */
export function isCalendarDay(time: string): boolean {
  const day = Number(time.slice(8, 10));
  // Every month has those, and a databag has thousands of times.
  if (day <= 28) return true;
  const [year = 0, month = 0] = time.slice(0, 7).split("-").map(Number);
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year, month, 0);
  return day <= lastDay.getUTCDate();
}

/** Writes a time as the domain has it: `T` and `Z` in upper case, which RFC 3339 leaves open. */
export function canonicalTime(time: string): string {
  return time === "latest" ? time : time.toUpperCase();
}

/** Words what is wrong with a time to restore to, and for a time without an offset both ways of reading it. */
export function explainRestoreTime(field: string, value: unknown): { message: string; remedy: string } {
  const expected = `a time as RFC 3339 with an offset, or "latest"`;
  const parts = typeof value === "string" ? withoutOffset.exec(value) : null;
  if (parts === null) {
    return {
      message: `${field} is ${shown(value)}; expected ${expected}.`,
      remedy: `Set restore-to-time to ${expected}, for example 2026-01-02T03:04:05Z.`,
    };
  }
  const [received, day = "", clock = ""] = parts;
  const inUtc = `${day}T${clock.length === "hh:mm".length ? `${clock}:00` : clock}Z`;
  return {
    message: `${field} is ${quoted(received)}, a time without an offset: read as UTC it is ${inUtc}, read as a local time it is another moment; expected ${expected}.`,
    remedy: `Give the offset: ${inUtc} if the time is meant in UTC.`,
  };
}
