/**
 * Texts from charms and from files, made fit for a report: on one line, cut, and without what may be credentials.
 *
 * @module
 */
import { mayHoldCredentials, shortened } from "../../printable.ts";

const longest = 160;

/** A value as a report shows it. */
export function visible(value: unknown, length: number = longest): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return "unknown";
  return mayHoldCredentials(value) ? "(not shown: it may hold credentials)" : shortened(value, length);
}

/** A text whose values, but not its own words, come from elsewhere: each is made {@link visible}. */
export function visibly(words: TemplateStringsArray, ...values: readonly unknown[]): string {
  return words.map((text, index) => (index === 0 ? text : `${visible(values[index - 1])}${text}`)).join("");
}
