/**
 * Fields of values that came from JSON.
 *
 * @module
 */

/** The string that a field holds; undefined where it holds none. */
export function stringAt(value: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const held = value[field];
  return typeof held === "string" ? held : undefined;
}
