/**
 * Data of unknown shape, out of a file or a test.
 *
 * @module
 */

/** A mapping whose values nobody has looked at yet. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Tells whether a value is a mapping: an object, but no list. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a mapping, and nothing otherwise. */
export function asMapping(value: unknown): Mapping | undefined {
  return isMapping(value) ? value : undefined;
}
