/**
 * What a rule is.
 *
 * @module
 */
/** Something that a charm with the interface has to do, or must not do. */
export interface Rule {
  /** P and a number for providers, R and a number for requirers. It never changes its meaning. */
  readonly id: string;
  /** What holds where it is kept, in a sentence. */
  readonly holds: string;
  /** The part of the interface's text that it comes from; robustness is what follows from how Juju works. */
  readonly section: Section;
  /** What that part asks for, in our words. */
  readonly because: string;
  /** The scenarios that show it, by name. */
  readonly scenarios: readonly string[];
  /** What to do about it where it is broken. */
  readonly remedy: string;
}

/** Where a rule comes from. */
export type Section =
  | "Behavior, Provider"
  | "Behavior, Requirer"
  | "Direction"
  | "Relation Data, Provider"
  | "Relation Data, Requirer"
  | "Robustness";
