/**
 * What must never be in a schedule, and what must have come about at its end.
 */

/** What has to hold, in words for people. */
export const invariants = {
  together: "No two jobs are at work together that must not be.",
  once: "No job is started twice.",
  lost: "No job is called lost that goes on, or that its unit has let go of with another end.",
  end: "No job has two different ends, `lost` aside.",
  success: "No job is called a success whose worker did not succeed.",
  own: "No manager is told of a job that it never asked for.",
  writer: "Nobody writes another unit's databags, and nobody but the leader the application's.",
  credential:
    "No credential stands in a databag, a status, the log, an argument, an action's result, on a disk, or at the storage of the fences.",
  told: "In the end each request that stands has an end that its manager has read, and can read.",
  grant: "In the end no grant is left.",
  work: "In the end nothing is at work.",
  rest: "When all is done no hook causes another one: the units come to rest.",
} as const;
/** What has to hold. */
export type Invariant = keyof typeof invariants;

/** Something that should not be. */
export interface Violation {
  /** `simulation` where it broke itself. */
  readonly invariant: Invariant | "simulation";
  readonly what: string;
}
