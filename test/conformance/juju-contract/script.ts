/**
 * What the probe charm does in a hook, as data: calls of hook tools, and places where it waits for the test.
 *
 * @module
 */

/** One call of a hook tool. */
export interface ToolCall {
  readonly tool: string;
  readonly args: readonly string[];
  /** Default: empty. */
  readonly stdin?: string;
}

/** A place where the charm stops until the test lets it go on. */
export interface Pause {
  readonly pause: string;
}

/** What the charm does in one hook. */
export interface Script {
  readonly steps: readonly (ToolCall | Pause)[];
  /** Whether it fails in the end, with an exit code of 1. Default: false. */
  readonly fails?: boolean;
}

/** How a hook tool ended. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a dispatch was started with, and how its calls ended, in their order. */
export interface Trace {
  readonly environment: Readonly<Record<string, string>>;
  readonly results: readonly ToolResult[];
}

/** A call, and how it is to end. */
export type Case = readonly [call: ToolCall, expected: ToolResult];

/** Writes a call as a command line. Blanks part words; what is put in with `${}` is taken as it is, and parts none. */
export function tool(parts: TemplateStringsArray, ...values: readonly (string | number)[]): ToolCall {
  const words: string[] = [];
  let word: string | undefined;
  for (const [index, part] of parts.entries()) {
    for (const [at, piece] of part.split(/\s+/u).entries()) {
      if (at > 0 && word !== undefined) {
        words.push(word);
        word = undefined;
      }
      if (piece !== "") word = (word ?? "") + piece;
    }
    const value = values[index];
    if (value !== undefined) word = (word ?? "") + String(value);
  }
  if (word !== undefined) words.push(word);
  const [name = "", ...args] = words;
  return { tool: name, args };
}

/** Gives a call something to read on its standard input. */
export function given(stdin: string, call: ToolCall): ToolCall {
  return { ...call, stdin };
}

/** Stops until the test releases it. */
export function pause(name: string): Pause {
  return { pause: name };
}

/** The calls among steps. */
export function callsOf(steps: readonly (ToolCall | Pause)[]): readonly ToolCall[] {
  return steps.filter(isCall);
}

/** The pauses among steps. */
export function pausesOf(steps: readonly (ToolCall | Pause)[]): readonly string[] {
  return steps.flatMap((step) => (isCall(step) ? [] : [step.pause]));
}

/** Whether a step is a call. */
export function isCall(step: ToolCall | Pause): step is ToolCall {
  return "tool" in step;
}

/** What a hook tool says when it fails. */
export function refusal(code: number, message: string): ToolResult {
  return { code, stdout: "", stderr: `ERROR ${message}\n` };
}

/** What a hook tool says when it does not. */
export function answer(stdout: string): ToolResult {
  return { code: 0, stdout, stderr: "" };
}
