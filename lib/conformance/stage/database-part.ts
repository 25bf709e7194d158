/**
 * The kit as a database: writes reports, and asks the backup manager what an admin would.
 *
 * It shares nothing with this library's own provider.
 *
 * @module
 */
import type { Stage } from "./stage.ts";

/** The kit's part against a backup manager. */
export class DatabasePart {
  readonly stage: Stage;

  constructor(stage: Stage) {
    this.stage = stage;
  }
}
