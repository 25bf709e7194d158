/**
 * What a verb of the command is, and what it works with.
 *
 * @module
 */

/** How the command ends: all is well, it found problems, or it could not do what it was asked. */
export type ExitCode = 0 | 1 | 2;

/** Where the command reads and writes. */
export interface Terminal {
  /** Writes a line of what was asked for. */
  readonly out: (line: string) => void;
  /** Writes a line about the command itself. */
  readonly err: (line: string) => void;
  /** Standard input, in chunks. */
  readonly input: () => AsyncIterable<Uint8Array>;
  /** Takes it upon itself to end in good order when somebody wants it to: what it gives is aborted then. */
  readonly interruption: () => AbortSignal;
}

/** One thing that the command can do. */
export interface Verb {
  /** The whole help. */
  readonly help: string;
  /**
   * Does it.
   *
   * @param args What follows the verb.
   * @throws ConfigurationError where the arguments cannot be used.
   */
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** A verb as the command lists it: its code is loaded when it is used, for each verb should start fast. */
export interface ListedVerb {
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  readonly load: () => Promise<Verb>;
}
