/**
 * A charm whose hook does not end.
 *
 * @module
 */

/** Ends a scenario: with a hook that does not end, no other runs. */
export class CharmHung extends Error {
  constructor(units: readonly string[]) {
    super(`A hook of ${units.join(", ")} does not end.`);
    this.name = "CharmHung";
  }
}
