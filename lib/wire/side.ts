/**
 * The sides of the interface.
 *
 * @module
 */

/** The sides of the interface. */
export const sides = ["provider", "requirer"] as const;
/** A side of the interface. */
export type Side = (typeof sides)[number];
