/**
 * How a unit's charm is run: as processes, or in the process of the test.
 *
 * @module
 */
import type { HookContext } from "./hook-context.ts";
import type { ProcessEnd } from "./operation.ts";

/** Runs one unit's charm, one operation at a time. */
export interface CharmRunner {
  /** Runs an operation to its end. Never rejects for what the charm does. */
  run(context: HookContext): Promise<ProcessEnd>;
  /** Ends the operation under way as SIGKILL to its process group would. */
  kill(): void;
  /** Ends the dispatch under way as SIGKILL would, and nothing that it started. */
  killDispatch(): void;
  /** Frees what the runner holds. Nothing runs any more. */
  close(): Promise<void>;
}
