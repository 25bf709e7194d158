/**
 * Runs Juju's hook tools as child processes.
 *
 * @module
 */
import type { CommandOutcome } from "../errors.ts";
import { describeEnd, run } from "../process/run.ts";

/** How a hook tool ended. */
export interface ToolEnd extends CommandOutcome {
  /** The end in words, for example "failed with exit code 1". */
  readonly said: string;
}

/** Runs one hook tool, with what it is to read on its standard input. */
export type ToolRunner = (tool: string, args: readonly string[], stdin?: string) => Promise<ToolEnd>;

/** How long a hook tool may take unless something else is asked for, in milliseconds. */
export const hookToolTimeoutMs = 60_000;
const maxOutputBytes = 64 * 1024 * 1024;

/**
 * Runs hook tools as child processes.
 *
 * @param environment What they get as their environment, PATH and context included.
 * @param timeoutMs How long one may take.
 */
export function processToolRunner(environment: NodeJS.ProcessEnv, timeoutMs: number): ToolRunner {
  return async (tool, args, stdin) => {
    const options = { env: environment, timeoutMs, maxOutputBytes };
    const result = await run([tool, ...args], stdin === undefined ? options : { ...options, stdin });
    return { ...result, said: describeEnd(result) };
  };
}
