/**
 * What a scenario is.
 *
 * @module
 */
import type { DatabasePart } from "../stage/database-part.ts";
import type { ManagerPart } from "../stage/manager-part.ts";

/** A course of events in which a charm shows whether it keeps rules. */
export interface ScenarioOf<Part> {
  /** Its name in traces and reports. */
  readonly name: string;
  /** What happens in it, in a sentence. */
  readonly summary: string;
  /** Units of the judged charm. Default: 1. */
  readonly units?: number;
  /** Units of the kit's side. Default: 1. */
  readonly otherUnits?: number;
  readonly play: (part: Part) => Promise<void>;
}

/** A scenario for a database charm. */
export type ProviderScenario = ScenarioOf<ManagerPart>;
/** A scenario for a backup manager. */
export type RequirerScenario = ScenarioOf<DatabasePart>;
