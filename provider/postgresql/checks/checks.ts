/**
 * Checks: each decision of a flowchart as one named, pure function of a record of facts, in the chart's order, so that
 * chart and code can be read side by side.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";

/** How a decision came out. */
export type Outcome =
  | { readonly kind: "passed" }
  /** The decision exists only on Kubernetes, only with more units, or belongs to somebody else here. */
  | { readonly kind: "not-applicable"; readonly why: string }
  | { readonly kind: "failed"; readonly failure: Failure };

/** One decision. */
export interface Check<Facts> {
  readonly name: string;
  /** The box of the flowchart that it stands for; absent where we ask more than the chart. */
  readonly chart?: string;
  decide(facts: Facts): Outcome;
}

/** The outcome of a decision that lets the job go on. */
export const passed: Outcome = { kind: "passed" };

/** The outcome of a decision that does not arise here. */
export function notApplicable(why: string): Outcome {
  return { kind: "not-applicable", why };
}

/** The outcome of a decision that ends the job. */
export function fails(code: string, message: string, remedy: string): Outcome {
  return { kind: "failed", failure: { code, message, remedy } };
}

/** Passes, or fails with the failure that is given. */
export function failsWith(failure: Failure | undefined): Outcome {
  return failure === undefined ? passed : { kind: "failed", failure };
}

/**
 * Decides in order, up to the first failure.
 *
 * @param note Called for each decision made.
 */
export function firstFailure<Facts>(
  checks: readonly Check<Facts>[],
  facts: Facts,
  note: (name: string, outcome: Outcome) => void = () => undefined,
): Failure | undefined {
  for (const check of checks) {
    const outcome = check.decide(facts);
    note(check.name, outcome);
    if (outcome.kind === "failed") return outcome.failure;
  }
  return undefined;
}
