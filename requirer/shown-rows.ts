/**
 * Which rows of a listing are shown, and how many are not.
 *
 * @module
 */

/** How many rows a listing has at most: an action's result holds 128 KiB. The newest are shown. */
const maxRows = 200;

/** Which rows of a listing are shown. */
export interface TableOptions {
  /** How many at most, the newest. Default and most: 200. */
  readonly limit?: number | undefined;
  /** Only what is newer, RFC 3339. Default: everything. */
  readonly since?: string | undefined;
  /** Only what is older, RFC 3339: how to come to what a listing leaves out. Default: everything. */
  readonly before?: string | undefined;
}

/** What is shown of a listing. */
export interface ShownRows<Row> {
  /** In the order of the listing. */
  readonly rows: readonly Row[];
  /** How many older ones there are. */
  readonly leftOut: number;
}

/**
 * The newest rows of those that are wanted.
 *
 * @param rows The newest last.
 * @param timeOf When a row is of, RFC 3339. Rows of which that is not known are never too old, nor too new.
 */
export function newestRows<Row>(
  rows: readonly Row[],
  { limit = maxRows, since, before }: TableOptions = {},
  timeOf: (row: Row) => string | undefined = () => undefined,
): ShownRows<Row> {
  const [start, end] = [Date.parse(since ?? ""), Date.parse(before ?? "")];
  const older = rows.filter((row) => !(Date.parse(timeOf(row) ?? "") >= end));
  const wanted = older.filter((row) => !(Date.parse(timeOf(row) ?? "") < start));
  const shown = wanted.slice(-Math.min(maxRows, Math.max(1, limit)));
  return { rows: shown, leftOut: older.length - shown.length };
}
