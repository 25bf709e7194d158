/**
 * What an argument of a hook tool can hold.
 *
 * @module
 */

/** Linux gives one argument 128 KiB; a longer text would keep the tool from starting at all. */
const maxBytes = 120 * 1024;

/** Cuts what no argument can hold, and says so: a message cut short is better than a hook that fails. */
export function argument(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // Not in the middle of a character, whose further bytes begin with the bits 10.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString("utf8")}… (cut)`;
}
