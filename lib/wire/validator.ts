/**
 * What the generated validators are.
 *
 * @module
 */

/** One thing that is wrong, as a generated validator says it. */
export interface ValidationError {
  /** A JSON pointer to what was checked. */
  readonly instancePath: string;
  /** The keyword of the schema that was not met. */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Checks a value that came from JSON; afterwards `errors` holds what is wrong with it, or null. */
export interface Validator<T> {
  (data: unknown): data is T;
  errors?: readonly ValidationError[] | null;
}
