/**
 * A charm that does not come to rest.
 *
 * @module
 */

/** Ends a scenario: with a hook that does not end no other runs, and hooks that bring about others leave no room. */
export class CharmHung extends Error {
  constructor(units: readonly string[]) {
    super(`The hooks of ${units.join(", ")} do not end.`);
    this.name = "CharmHung";
  }
}
