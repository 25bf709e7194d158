/**
 * A problem: something wrong in a databag that belongs to no job.
 *
 * @module
 */

/** Something wrong in a databag that belongs to no job, or that takes no job away. Holds no secret. */
export interface Problem {
  /** Where it is, for example `jobs[2].job-id`. */
  readonly field: string;
  /** One line: what was found there, and what was expected. */
  readonly message: string;
  /** One imperative sentence: what to do next. */
  readonly remedy: string;
}
