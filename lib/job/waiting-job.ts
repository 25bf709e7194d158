/**
 * A job that waits, as the provider tells the requirer.
 *
 * @module
 */

/** What stands in a provider's queue. */
export interface QueuedJob {
  readonly jobId: string;
  /** Among all jobs that wait for this provider, those of other relations included; the next to start is 1. */
  readonly position: number;
  /** Why it waits, for people. */
  readonly reason: string;
  /** The id of the job that it waits for, if it waits for one; of another relation's not the id is told. */
  readonly waitingFor?: string;
}

/** What stands for the id of a job of another relation. */
export const anotherManagers = "another manager's";
