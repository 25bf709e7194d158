/**
 * All faults, in the order in which they are run.
 *
 * @module
 */
import { archivingFaults } from "./archiving-faults.ts";
import { ClusterFaultStand } from "./cluster-fault-stand.ts";
import { clusterFaults } from "./cluster-faults.ts";
import { concurrencyFaults } from "./concurrency-faults.ts";
import { FaultStand } from "./fault-stand.ts";
import type { Fault, FaultSummary, Stand } from "./fault.ts";
import { foreignFaults } from "./foreign-faults.ts";
import { outageFaults } from "./outage-faults.ts";
import { processFaults } from "./process-faults.ts";
import { restoreFaults } from "./restore-faults.ts";
import { storageFaults } from "./storage-faults.ts";

/** Faults that come upon servers of one kind. */
export interface FaultsOfStand<Place extends Stand> {
  /** Starts the servers. */
  readonly start: () => Promise<Place>;
  readonly faults: readonly Fault<Place>[];
}

/** All faults, by what they come upon. */
export const faultsOfAll: {
  /** One database with the example charms. */
  readonly single: FaultsOfStand<FaultStand>;
  /** Three members, of which one leads. */
  readonly cluster: FaultsOfStand<ClusterFaultStand>;
} = {
  single: {
    start: async () => await FaultStand.start(),
    faults: [
      ...processFaults,
      ...storageFaults,
      ...outageFaults,
      ...concurrencyFaults,
      ...archivingFaults,
      ...restoreFaults,
      ...foreignFaults,
    ],
  },
  cluster: { start: async () => await ClusterFaultStand.start(), faults: clusterFaults },
};

/** All faults. */
export const allFaults: readonly FaultSummary[] = [
  ...faultsOfAll.single.faults,
  ...faultsOfAll.cluster.faults,
];
