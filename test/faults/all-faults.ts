/**
 * All faults, in the order in which they are run.
 *
 * @module
 */
import type { Fault } from "./fault.ts";
import { processFaults } from "./process-faults.ts";
import { storageFaults } from "./storage-faults.ts";

/** All faults. */
export const allFaults: readonly Fault[] = [...processFaults, ...storageFaults];
