/**
 * A text that was read as JSON or YAML: what it says, and where in it that stands.
 *
 * @module
 */

/** A path into a value: names of fields, and indexes of items. */
export type Path = readonly (string | number)[];

/** A place in what a text says. */
export interface Place {
  readonly path: Path;
  /** Whether the name of the field is meant, or its value. */
  readonly part: "key" | "value";
  /** Where in the value, which is a string: counted in UTF-16 code units from 0. */
  readonly within?: number;
}

/** Where a place is in the text. */
export interface Spot {
  /** Counted in UTF-16 code units from 0. Of what is not there, where that which should hold it begins. */
  readonly offset: number;
  /** False where `within` could not be followed, so that this is where the string begins. */
  readonly exact: boolean;
}

/** A name that stands twice in an object: readers differ in which of the two counts. */
export interface RepeatedKey {
  /** Ends in the name. */
  readonly path: Path;
  /** Where it stands again, in the text. */
  readonly offset: number;
}

/** What was found in a text. */
export interface Looked {
  /** In the order of the places that were looked for. */
  readonly spots: readonly Spot[];
  /** At most 100. */
  readonly repeatedKeys: readonly RepeatedKey[];
}

/** A text that was read. */
export interface Document {
  readonly value: unknown;
  /** Looks for places, in one pass over the text however many they are. */
  look(places: readonly Place[]): Looked;
}

/** How many repeated keys of a text are told. */
export const maxRepeatedKeys = 100;
