/**
 * What goes wrong in a simulated model as a whole.
 *
 * @module
 */
import { DatabaseBackupError } from "../errors.ts";

/** The model did not come to rest, or came to rest with a unit in hook error. */
export class SimulationError extends DatabaseBackupError {
  override readonly name = "SimulationError";
  readonly code = "configuration-invalid";
}
