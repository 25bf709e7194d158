/**
 * How a controller refuses what a hook wrote.
 *
 * @module
 */

/** A commit that the controller refuses. Fails the hook; never reaches a test. */
export class CommitRefused extends Error {}
