/**
 * How times, sizes and durations are shown to an admin.
 *
 * @module
 */

/** What stands where nothing is known. */
export const absent = "-";

/** A time without fractions of a second. */
export function shownTime(time: string | undefined): string {
  return time === undefined ? absent : time.replace(/\.\d+Z$/, "Z");
}

/** A time without its seconds. */
export function shownMinute(time: string | undefined): string {
  return time === undefined ? absent : time.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d(\.\d+)?Z$/, "$1Z");
}

/** Bytes in the unit that leaves the fewest digits. */
export function shownSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ""}`;
}

/** How long, in the greatest unit that fits twice, or once where the next does not. */
export function shownDuration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
