/**
 * Takes credentials out of what is recorded.
 *
 * @module
 */
import { isObject } from "../../wire/list-value.ts";

const standIn = "(withheld)";

/** The credentials in a storage that the kit was given. */
export function credentialsIn(storage: Readonly<Record<string, unknown>>): readonly string[] {
  return [storage["access-key"], storage["secret-key"]].filter(
    (key): key is string => typeof key === "string" && key !== "",
  );
}

/** A copy of a value without credentials, in whatever text they stand. */
export function withholding<T>(value: T, credentials: readonly string[]): T;
export function withholding(value: unknown, credentials: readonly string[]): unknown {
  if (credentials.length === 0) return value;
  if (typeof value === "string") return without(value, credentials);
  if (Array.isArray(value)) return value.map((item: unknown) => withholding(item, credentials));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withholding(inner, credentials)]),
  );
}

function without(text: string, credentials: readonly string[]): string {
  // A databag holds JSON, in which a key may be written in another way.
  const forms = credentials.flatMap((key) => [key, JSON.stringify(key).slice(1, -1)]);
  return forms.reduce((left, form) => left.replaceAll(form, standIn), text);
}
