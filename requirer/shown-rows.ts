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
}

/** What is shown of a listing. */
export interface ShownRows<Row> {
  /** In the order of the listing. */
  readonly rows: readonly Row[];
  /** How many older ones there are. */
  readonly leftOut: number;
}

/**
 * The newest rows.
 *
 * @param rows The newest last.
 * @param timeOf When a row is of, RFC 3339. Rows of which that is not known are never too old.
 */
export function newestRows<Row>(
  rows: readonly Row[],
  { limit = maxRows, since }: TableOptions = {},
  timeOf: (row: Row) => string | undefined = () => undefined,
): ShownRows<Row> {
  const start = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  const newer = rows.filter((row) => !(Date.parse(timeOf(row) ?? "") < start));
  const shown = newer.slice(-Math.min(maxRows, Math.max(1, limit)));
  return { rows: shown, leftOut: rows.length - shown.length };
}
