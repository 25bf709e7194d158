/**
 * Where a job stands. The interface knows three statuses; phases are finer and fold into them.
 *
 * @module
 */

/** The phases before a unit works on a job. No unit reports them. */
export const phasesBeforeStart = ["requested", "waiting", "granted"] as const;
/** The phases in which a unit works on a job. */
export const phasesAtWork = ["starting", "running", "finalizing"] as const;
/** The phases that are an end. None of them ever changes into another phase. */
export const endPhases = ["succeeded", "failed", "rejected", "cancelled", "expired", "lost"] as const;

/** A phase in which a job's story goes on. */
export type OpenPhase = (typeof phasesBeforeStart)[number] | (typeof phasesAtWork)[number];
/** A phase that is an end. */
export type EndPhase = (typeof endPhases)[number];
/** Where a job stands. */
export type Phase = OpenPhase | EndPhase;

/** The status of a job as the interface has it. */
export type JobStatus = "running" | "success" | "error";

const ends: ReadonlySet<string> = new Set(endPhases);
const atWork: ReadonlySet<string> = new Set(phasesAtWork);
const known: ReadonlySet<string> = new Set([...phasesBeforeStart, ...phasesAtWork, ...endPhases]);

/** Tells whether a text names a phase. */
export function isPhase(text: string): text is Phase {
  return known.has(text);
}

/** Tells whether a phase is an end. */
export function isEnd(phase: Phase): phase is EndPhase {
  return ends.has(phase);
}

/** Tells whether a unit is working on a job in this phase. */
export function isAtWork(phase: Phase): boolean {
  return atWork.has(phase);
}

/** Folds a phase into the interface's status (database_backup, Provider, "indicate the status of the job"). */
export function statusOf(phase: Phase): JobStatus {
  if (!isEnd(phase)) return "running";
  return phase === "succeeded" ? "success" : "error";
}

/** The phase of a report that names none: a provider that knows the interface alone. */
export function phaseOf(status: JobStatus): Phase {
  switch (status) {
    case "running":
      return "running";
    case "success":
      return "succeeded";
    case "error":
      return "failed";
  }
}
