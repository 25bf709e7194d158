/**
 * Runs faults one after the other, on one stand as long as they hold.
 *
 * @module
 */
import { FaultStand } from "./fault-stand.ts";
import type { Fault, FaultResult } from "./fault.ts";
import { runFault } from "./run-fault.ts";

/**
 * Runs faults. After one that did not hold, the next one gets a stand of its own: what was left must not be held against it.
 *
 * @param begins Called before each fault.
 * @param ended Called with each result.
 */
export async function runFaults(
  faults: readonly Fault[],
  begins: (fault: Fault) => void = () => undefined,
  ended: (result: FaultResult) => void = () => undefined,
): Promise<readonly FaultResult[]> {
  const results: FaultResult[] = [];
  let stand: FaultStand | undefined;
  try {
    for (const fault of faults) {
      begins(fault);
      stand ??= await FaultStand.start();
      const result = await runFault(stand, fault);
      results.push(result);
      ended(result);
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
