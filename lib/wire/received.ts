/**
 * How a message shows what was received: short, on one line, and never a credential.
 *
 * @module
 */

import { mayHoldCredentials, printable } from "../printable.ts";

/** The fields whose values no message ever shows. */
export const secretFields: ReadonlySet<string> = new Set(["access-key", "secret-key", "secret-extra"]);

const longest = 60;

/** Shows a text in double quotes, cut after 60 characters, with what a terminal would act upon escaped. */
export function quoted(text: string): string {
  if (mayHoldCredentials(text)) return "a string that is not shown, because it may hold credentials";
  if (text.length <= longest) return printable(JSON.stringify(text));
  const withoutHalfCharacter = text.slice(0, longest).replace(/[\ud800-\udbff]$/, "");
  return printable(JSON.stringify(`${withoutHalfCharacter}…`));
}

/** Names the kind of a value and shows nothing of it. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return value === "" ? "an empty string" : `a ${typeof value}`;
}

/** Shows a single value; of a list or an object, which may hold anything, only the kind. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value);
}

/** Writes a path as messages name it: `jobs[2].storage-config.bucket`. Keys are cut and escaped like values. */
export function fieldPath(start: string, segments: readonly (string | number)[]): string {
  return segments.reduce<string>((path, segment) => {
    if (typeof segment === "number") return `${path}[${segment}]`;
    if (!/^[\w-]{1,60}$/.test(segment)) return `${path}[${quoted(segment)}]`;
    return path === "" ? segment : `${path}.${segment}`;
  }, start);
}

/** Joins alternatives for a sentence: `"a", "b" or "c"`. */
export function alternatives(texts: readonly string[]): string {
  const all = texts.map((text) => `"${text}"`);
  const last = all.pop() ?? "";
  return all.length === 0 ? last : `${all.join(", ")} or ${last}`;
}
