/**
 * Fields that may be absent: on the wire and in the domain an absent field is left out, never undefined.
 *
 * @module
 */

/** A field to spread into an object: nothing where there is no value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V };
export function optional(key: string, value: unknown): object {
  return value === undefined ? {} : { [key]: value };
}

/** A text of the wire, where the empty string, the interface's default, means that there is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
