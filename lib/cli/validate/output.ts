/**
 * What the verb `validate` prints, whatever the format.
 *
 * @module
 */
import type { Unreadable } from "../input-text.ts";
import type { Terminal } from "../verb.ts";
import type { Checked } from "./found-problem.ts";

/** An input, with what came of checking it. */
export interface CheckedInput {
  /** As messages call it. */
  readonly name: string;
  /** Undefined for standard input. */
  readonly file: string | undefined;
  readonly result: Checked | Unreadable;
}

/** Prints what came of checking. */
export interface Output {
  input(checked: CheckedInput): void;
  /** Called once, after the last input. */
  end(): void;
}

/** Makes an output on a terminal. */
export type MakeOutput = (terminal: Terminal) => Output;
