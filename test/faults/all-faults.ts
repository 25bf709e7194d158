/**
 * All faults, in the order in which they are run.
 *
 * @module
 */
import { archivingFaults } from "./archiving-faults.ts";
import { concurrencyFaults } from "./concurrency-faults.ts";
import type { Fault } from "./fault.ts";
import { foreignFaults } from "./foreign-faults.ts";
import { outageFaults } from "./outage-faults.ts";
import { processFaults } from "./process-faults.ts";
import { restoreFaults } from "./restore-faults.ts";
import { storageFaults } from "./storage-faults.ts";

/** All faults. */
export const allFaults: readonly Fault[] = [
  ...processFaults,
  ...storageFaults,
  ...outageFaults,
  ...concurrencyFaults,
  ...archivingFaults,
  ...restoreFaults,
  ...foreignFaults,
];
