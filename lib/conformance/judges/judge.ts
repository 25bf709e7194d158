/**
 * What a judge is: a function that finds in a story where a charm kept a rule, and where it broke one.
 *
 * @module
 */
import type { Story } from "../trace/story.ts";

/** Something that speaks for a charm or against it. */
export interface Evidence {
  /** The id of the rule. */
  readonly rule: string;
  readonly verdict: "holds" | "broken";
  /** The entry of the trace at which it shows. */
  readonly index: number;
  /** The job, where it is about one. */
  readonly job?: string;
  /** What was seen, in a sentence. Empty where nothing is wrong. */
  readonly text: string;
}

/** Finds evidence. Pure. */
export type Judge = (story: Story) => readonly Evidence[];

/** Evidence that a rule was kept. */
export function holds(rule: string, index: number, job?: string): Evidence {
  return { rule, verdict: "holds", index, text: "", ...(job === undefined ? {} : { job }) };
}

/** Evidence that a rule was broken. */
export function broken(rule: string, index: number, text: string, job?: string): Evidence {
  return { rule, verdict: "broken", index, text, ...(job === undefined ? {} : { job }) };
}
