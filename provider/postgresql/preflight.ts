/**
 * Looks for whatever would make a job fail, and changes nothing.
 *
 * @module
 */
import type { JobContext } from "../../lib/executor.ts";
import type { Failure } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { firstFailure, type Outcome } from "./checks/checks.ts";
import { createBackupChecks } from "./checks/create-backup-checks.ts";
import { gatherForPreflight } from "./facts.ts";
import { failureOf } from "./job-failure.ts";
import type { Parts } from "./parts.ts";
import { restoreChecks } from "./checks/restore-checks.ts";
import { gatherRestoreFacts } from "./restore/restore-facts.ts";

/** The first failure of the checks for a job; undefined where all let it pass. */
export async function preflight(
  assemble: () => Promise<Parts>,
  request: JobRequest,
  context: JobContext,
): Promise<Failure | undefined> {
  const note = (name: string, outcome: Outcome): void => {
    if (outcome.kind === "failed") context.log(`check ${name}: ${outcome.failure.message}`);
  };
  try {
    const parts = await assemble();
    if (request.type === "backup")
      return firstFailure(createBackupChecks, await gatherForPreflight(parts, request, context), note);
    return firstFailure(restoreChecks, (await gatherRestoreFacts(parts, request, context)).facts, note);
  } catch (error) {
    return failureOf(error);
  }
}
