/**
 * What is found wrong with databags, before it is known where that stands in the text.
 *
 * @module
 */
import { mayHoldCredentials, shownId } from "../../printable.ts";
import { isObject } from "../../wire/list-value.ts";
import type { DatabagPlace } from "../databag/databag.ts";
import type { Side } from "../../wire/side.ts";
import { rules, type RuleName, type Severity } from "./rules.ts";

/** Something that is wrong. Shows no credential. */
export interface DatabagFinding {
  readonly rule: RuleName;
  readonly place: DatabagPlace;
  /** The path as messages name it, for example `jobs[1].storage-config.bucket`. */
  readonly field: string;
  /** One line: what was found there, and what was expected. */
  readonly message: string;
  /** What was expected, where that can be said in a few words. */
  readonly expected?: string | undefined;
  /** One imperative sentence. */
  readonly remedy: string;
  /** Where it is written that this is wrong. */
  readonly section: string;
  /** The job's id, as it is shown. */
  readonly job?: string | undefined;
  readonly side?: Side | undefined;
}

/** How many findings of a text are listed; the others are counted. */
export const maxListed = 1_000;

/** How many of something there are. */
export interface Counts {
  errors: number;
  warnings: number;
}

/** Collects findings. Those beyond the first thousand are counted: a text of 16 MB may be wrong everywhere. */
export class Findings {
  readonly listed: DatabagFinding[] = [];
  readonly counts: Counts = { errors: 0, warnings: 0 };
  readonly unlisted: Counts = { errors: 0, warnings: 0 };
  readonly #strict: boolean;

  /** @param strict Whether warnings count as errors. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  /** How many were found. */
  get found(): number {
    return this.counts.errors + this.counts.warnings;
  }

  /** Whether further findings are counted alone, so that nobody needs to word them. */
  get isFull(): boolean {
    return this.listed.length >= maxListed;
  }

  add(finding: DatabagFinding): void {
    if (this.isFull) this.count(finding.rule);
    else {
      this.counts[this.#kindOf(finding.rule)] += 1;
      this.listed.push(finding);
    }
  }

  /** Counts a finding that is not listed. */
  count(rule: RuleName): void {
    this.counts[this.#kindOf(rule)] += 1;
    this.unlisted[this.#kindOf(rule)] += 1;
  }

  #kindOf(rule: RuleName): keyof Counts {
    return this.severityOf(rule) === "error" ? "errors" : "warnings";
  }

  /** How much a rule weighs in this run. */
  severityOf(rule: RuleName): Severity {
    return this.#strict ? "error" : rules[rule].severity;
  }
}

/** A job's id as it is shown; undefined where it has none, or one that looks as if it held credentials. */
export function jobName(item: unknown): string | undefined {
  const id = isObject(item) ? item["job-id"] : undefined;
  return typeof id === "string" && id !== "" && !mayHoldCredentials(id) ? shownId(id) : undefined;
}
