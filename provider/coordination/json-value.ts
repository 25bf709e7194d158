/**
 * Takes JSON apart that this library alone writes. What is not as it was written is a TypeError.
 *
 * @module
 */

/** The properties of an object. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** @throws TypeError */
export function fields(value: unknown): JsonFields {
  if (!isFields(value)) throw new TypeError("no object");
  return value;
}

/** @throws TypeError */
export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError("no list");
  return value;
}

/** @throws TypeError */
export function anyText(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("no text");
  return value;
}

/** @throws TypeError where it is empty, too. */
export function text(value: unknown): string {
  if (anyText(value) === "") throw new TypeError("an empty text");
  return anyText(value);
}

/** @throws TypeError */
export function flag(value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError("neither true nor false");
  return value;
}

/** A whole number from zero. @throws TypeError */
export function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || amount(value) < 0) throw new TypeError("no whole number from zero");
  return amount(value);
}

/** Any number. @throws TypeError */
export function amount(value: unknown): number {
  if (typeof value !== "number") throw new TypeError("no number");
  return value;
}

/** One of the words that this version knows. @throws TypeError */
export function oneOf<Word extends string>(words: readonly Word[]): (value: unknown) => Word {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new TypeError(`none of ${words.join(", ")}`);
    return found;
  };
}

/** A property that need not be there: what is made of it, or nothing. @throws what making it throws. */
export function optional<Name extends string, Result>(
  from: JsonFields,
  name: Name,
  make: (value: unknown) => Result,
): { readonly [name in Name]?: Result } {
  const value = from[name];
  const made: { [name in Name]?: Result } = {};
  if (value !== undefined) made[name] = make(value);
  return made;
}

function isFields(value: unknown): value is JsonFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
