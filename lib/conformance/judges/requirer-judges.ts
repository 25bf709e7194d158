/**
 * All judges of backup managers.
 *
 * @module
 */
import type { Judge } from "./judge.ts";

/** The judges. */
export const requirerJudges: readonly Judge[] = [];
