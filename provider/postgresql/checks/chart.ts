/**
 * Flowcharts that are walked in every dispatch: boxes in order, each a decision over a record of facts or a deed, and
 * arrows that leave boxes out. Pure but for the deeds.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";

/** How a decision came out. */
export type ChartOutcome =
  | { readonly kind: "passed" }
  /** The box exists only on Kubernetes, or belongs to somebody else here. */
  | { readonly kind: "not-applicable"; readonly why: string }
  /** An arrow that leaves boxes out. */
  | { readonly kind: "goes-on"; readonly at: string }
  /** Decided again in the next dispatch; nothing is stored. */
  | { readonly kind: "deferred"; readonly why: string }
  /** There is nothing to do. */
  | { readonly kind: "returned"; readonly why: string }
  /** Blocked, and decided again in the next dispatch, so that it heals. */
  | { readonly kind: "blocked"; readonly failure: Failure };

/** A decision. */
export interface Decision<Facts> {
  readonly name: string;
  /** The box of the flowchart that it stands for; absent where we ask more than the chart. */
  readonly chart?: string;
  decide(facts: Facts): ChartOutcome;
}

/** Something that is done. */
export interface Deed<Port> {
  readonly name: string;
  /** The box of the flowchart that it stands for; absent where we do more than the chart. */
  readonly chart?: string;
  /** @returns Why it failed; nothing where it did not, or where it cannot but with the hook. */
  perform(port: Port): Promise<Failure | undefined | void>;
  /** What the message begins with where it fails. */
  readonly failed?: string;
}

/** Where a walk ended. */
export type WalkEnd =
  | Exclude<ChartOutcome, { kind: "passed" | "not-applicable" | "goes-on" }>
  /** A deed failed. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** At the end of the chart. */
  | { readonly kind: "settled" };

/** The outcome of a decision that lets the walk go on. */
export const passed: ChartOutcome = { kind: "passed" };

/** The outcome of a decision that has to be made again. */
export function deferred(why: string): ChartOutcome {
  return { kind: "deferred", why };
}

/** The outcome of a decision after which there is nothing to do. */
export function returned(why: string): ChartOutcome {
  return { kind: "returned", why };
}

/** The outcome of a decision by which the boxes up to another one are left out. */
export function goesOn(at: string): ChartOutcome {
  return { kind: "goes-on", at };
}

/** A decision that does not arise here. */
export function notApplicable(why: string): () => ChartOutcome {
  return () => ({ kind: "not-applicable", why });
}

/**
 * Walks through a chart, up to the first box that does not let it go on.
 *
 * @param port Called where something is to be done.
 * @param note Called with the name of each box that is come to.
 */
export async function walkBoxes<Facts, Port>(
  chart: readonly (Decision<Facts> | Deed<Port>)[],
  facts: Facts,
  port: () => Port,
  note: (name: string) => void = () => undefined,
): Promise<WalkEnd> {
  let goesOnAt: string | undefined;
  for (const box of chart) {
    if (goesOnAt !== undefined && box.name !== goesOnAt) continue;
    goesOnAt = undefined;
    note(box.name);
    if ("decide" in box) {
      const outcome = box.decide(facts);
      if (outcome.kind === "goes-on") goesOnAt = outcome.at;
      else if (outcome.kind !== "passed" && outcome.kind !== "not-applicable") return outcome;
      continue;
    }
    const failure = (await box.perform(port())) ?? undefined;
    if (failure !== undefined) {
      const message = box.failed === undefined ? failure.message : `${box.failed}: ${failure.message}`;
      return { kind: "failed", failure: { ...failure, message } };
    }
  }
  return { kind: "settled" };
}
