/**
 * What `relation-set --file -` is given.
 *
 * @module
 */
import type { DatabagChanges } from "./juju.ts";

/**
 * Encodes changes for the standard input of `relation-set --file -`.
 *
 * Juju reads it with a YAML 1.1 parser into a map of strings, and YAML is not quite a superset of the JSON that
 * `JSON.stringify` writes: raw control characters beyond ASCII and the two non-characters at the end of the first
 * plane are refused or folded into spaces, the line and paragraph separators swallow the blanks around them, lone
 * surrogates are refused in any form. So those characters are escaped and lone surrogates replaced; everything else,
 * emoji included, has to stay raw.
 */
export function relationSetInput(changes: DatabagChanges): string {
  const wellFormed = Object.fromEntries(
    Object.entries(changes).map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]),
  );
  return JSON.stringify(wellFormed).replace(
    /[\u007f-\u009f\u2028\u2029\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
