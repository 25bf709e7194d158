/**
 * The checks of a job that an action asks for, before it is asked for: what would reject it at once is said at once.
 *
 * @module
 */
import type { Executor, JobContext } from "../lib/executor.ts";
import type { Failure } from "../lib/job/report.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { Clock } from "../lib/machine/machine.ts";
import { withTimeLimit } from "../lib/machine/time-limit.ts";
import type { ModuleReference } from "./worker/worker-input.ts";

/** What the checks need. */
export interface EntryCheckOptions {
  readonly executor: Pick<Executor, "preflight">;
  readonly store: ModuleReference | undefined;
  readonly clock: Clock;
  readonly plannedUnits: number;
}

/** An action holds up its unit's hooks. */
const limitMs = 30_000;

/**
 * Why a job would be rejected if its turn came now; undefined where nothing is found against it. What cannot be found out,
 * or not in time, is left to the job's own checks.
 */
export async function entryCheck(
  { executor, store: reference, clock, plannedUnits }: EntryCheckOptions,
  request: JobRequest,
): Promise<Failure | undefined> {
  try {
    const { openStore } = await import("./worker/open-store.ts");
    const store = await openStore(reference, request.storage);
    try {
      return await withTimeLimit(clock, limitMs, async (signal) => {
        const failure = await executor.preflight(request, contextOf(store, signal, plannedUnits));
        return signal.aborted ? undefined : failure;
      });
    } finally {
      store.close();
    }
  } catch {
    return undefined;
  }
}

/** No job runs, so nobody hears of its progress; it has no fence. */
function contextOf(store: JobContext["store"], signal: AbortSignal, plannedUnits: number): JobContext {
  return {
    signal,
    fence: 0,
    plannedUnits,
    store,
    progress: () => undefined,
    finalizing: () => undefined,
    log: () => undefined,
    pointOfNoReturn: async () => undefined,
  };
}
