/**
 * A problem as it is printed: what is wrong, and where in the text that stands.
 *
 * @module
 */
import type { Side } from "../../wire/side.ts";
import type { Counts } from "./findings.ts";
import type { RuleName, Severity } from "./rules.ts";

/** Something that is wrong, and where. Shows no credential. */
export interface FoundProblem {
  readonly rule: RuleName;
  readonly severity: Severity;
  /** Counted from 1. */
  readonly line: number;
  /** Counted in UTF-16 code units from 1. */
  readonly column: number;
  /**
   * Counted in UTF-16 code units from 0, in what the databag's value says: where line and column could not be followed
   * into it, and are those of its beginning.
   */
  readonly offset?: number;
  /** Where the databag is in the text; absent where the text is one databag alone. */
  readonly databag?: string;
  /** Who wrote the databag. */
  readonly side?: Side;
  /** The job's id, cut after 64 characters, with what does not print escaped. */
  readonly job?: string;
  /** For example `jobs[1].storage-config.bucket`. */
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
  readonly remedy: string;
  readonly section: string;
}

/** What came of checking a text. */
export interface Checked {
  /** In the order in which they stand in the text; at most 1,000. */
  readonly problems: readonly FoundProblem[];
  readonly counts: Readonly<Counts>;
  /** How many there are besides. */
  readonly unlisted: Readonly<Counts>;
}
