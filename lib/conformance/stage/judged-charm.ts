/**
 * The charm that is judged, and how a stage is set for it.
 *
 * @module
 */
import type { Observation } from "../observation/observation.ts";
import type { Side } from "../../wire/side.ts";
import type { Trace } from "../trace/trace.ts";
import type { Limits } from "./rest.ts";

/** The charm that is judged, and how. */
export interface JudgedCharm {
  readonly side: Side;
  /** The charm's folder. */
  readonly charm: string;
  /** Its endpoint with the interface database_backup. */
  readonly endpoint: string;
  /** The actions that it declares. */
  readonly actions: ReadonlySet<string>;
  /** Whether it takes its storage from an endpoint of the interface s3. */
  readonly takesStorage: boolean;
  readonly observation: Observation;
  /** The artefacts of the backups that the charm has made, oldest first: those of real ones can be restored. */
  readonly artefacts: string[];
  readonly limits: Limits;
  /** Ends what is played. */
  readonly signal: AbortSignal;
  /** Whether nothing is wrong at the end of a trace. */
  readonly isContent: (trace: Trace) => boolean;
}

/** What a scenario is given besides. */
export interface StageOptions {
  readonly scenario: string;
  /** Units of the judged charm. Default: 1. */
  readonly units?: number;
  /** Units of the kit's side. Default: 1. */
  readonly otherUnits?: number;
}
