/**
 * Trims what admins write around names and paths.
 *
 * @module
 */

// Loops: a regular expression for the end of a text tries every run of blanks in it, which takes hours on megabytes.

/** Takes blanks and slashes away at both ends. */
export function trimBlanksAndSlashes(text: string): string {
  let start = 0;
  while (start < text.length && isBlankOrSlash(text.charAt(start))) start += 1;
  return trimEndOfBlanksAndSlashes(text.slice(start));
}

/** Takes blanks and slashes away at the end. */
export function trimEndOfBlanksAndSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && isBlankOrSlash(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function isBlankOrSlash(character: string): boolean {
  return character === "/" || character.trim() === "";
}
