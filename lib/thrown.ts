/**
 * What was thrown, in words. Anything can be thrown.
 *
 * @module
 */

/** The message of an error, or the text of whatever else was thrown. Never throws, whatever it is given. */
export function thrownText(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } catch {
    // An object may refuse to be a text: one without a prototype, for example.
    return "something that has no text was thrown";
  }
}
