/**
 * What becomes of a restore whose worker is gone. Pure.
 *
 * @module
 */

/** What is known of such a restore. */
export interface AbandonedRestore {
  /** As its journal says. */
  readonly stage: "begun" | "proven";
  /** Whether the machine has run all the time since. */
  readonly isSameBoot: boolean;
  readonly isPatroniRunning: boolean;
  /** Whether Patroni is configured to bootstrap from the backup. */
  readonly isConfigured: boolean;
}

/**
 * `finish`: the restored database is proven. `adopt`: Patroni bootstraps it, or has, and somebody has to prove it. `undo`:
 * nothing goes on that could come to an end.
 */
export type Adoption = "finish" | "adopt" | "undo";

/** Decides what becomes of a restore whose worker is gone. */
export function decideAdoption({
  stage,
  isSameBoot,
  isPatroniRunning,
  isConfigured,
}: AbandonedRestore): Adoption {
  if (stage === "proven") return "finish";
  // A machine that was started anew has broken off the bootstrap, whatever runs there now.
  return isSameBoot && isPatroniRunning && isConfigured ? "adopt" : "undo";
}
