/**
 * Runs faults one after the other, on one stand as long as they hold.
 *
 * @module
 */
import { faultsOfAll, type FaultsOfStand } from "./all-faults.ts";
import type { FaultResult, FaultSummary, Stand } from "./fault.ts";
import { runFault } from "./run-fault.ts";

/** Whoever wants to know how far a run is. */
export interface Onlooker {
  /** Called before each fault. */
  begins?(fault: FaultSummary): void;
  /** Called with each result. */
  ended?(result: FaultResult): void;
}

/** Runs the faults of some names, in the order in which they are listed. */
export async function runFaults(
  names: readonly string[],
  onlooker: Onlooker = {},
): Promise<readonly FaultResult[]> {
  const { single, cluster } = faultsOfAll;
  return [...(await runThose(single, names, onlooker)), ...(await runThose(cluster, names, onlooker))];
}

/** After a fault that did not hold, the next one gets a stand of its own: what was left must not be held against it. */
async function runThose<Place extends Stand>(
  { start, faults }: FaultsOfStand<Place>,
  names: readonly string[],
  onlooker: Onlooker,
): Promise<readonly FaultResult[]> {
  const results: FaultResult[] = [];
  let stand: Place | undefined;
  try {
    for (const fault of faults.filter(({ name }) => names.includes(name))) {
      onlooker.begins?.(fault);
      stand ??= await start();
      const result = await runFault(stand, fault);
      results.push(result);
      onlooker.ended?.(result);
      if (!result.held) {
        await stand.stop();
        stand = undefined;
      }
    }
  } finally {
    await stand?.stop();
  }
  return results;
}
