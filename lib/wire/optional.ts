/**
 * Fields that may be absent: on the wire and in the domain an absent field is left out, never undefined.
 *
 * @module
 */

/** An object without its fields that are undefined. */
export type Present<Fields> = {
  readonly [K in keyof Fields as undefined extends Fields[K] ? never : K]: Fields[K];
} & {
  readonly [K in keyof Fields as undefined extends Fields[K] ? K : never]?: Exclude<Fields[K], undefined>;
};

/** Copies the fields that have a value, in one pass: there are thousands of jobs, and each leaves out most of its fields. */
export function present<const Fields extends object>(fields: Fields): Present<Fields>;
export function present(fields: Readonly<Record<string, unknown>>): object {
  const kept: Record<string, unknown> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}

/** A text of the wire, where the empty string, the interface's default, means that there is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
