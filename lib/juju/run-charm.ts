/**
 * Runs a charm's code for the dispatch that its process was started for.
 *
 * @module
 */
import { isDatabaseBackupError } from "../errors.ts";
import { mayHoldCredentials, printable } from "../printable.ts";
import { thrownText } from "../thrown.ts";
import { nodeMachine } from "../machine/node-machine.ts";
import { runDispatch, type Dispatch } from "./dispatch.ts";
import { argument } from "./tool-argument.ts";
import { hookToolTimeoutMs, processToolRunner } from "./tool-runner.ts";

const logTimeoutMs = 10_000;
/** What the charm left running when it failed, for example other hook tools that hang, has so long to end by itself. */
const lingerMs = 10_000;

/**
 * Runs a charm for the dispatch that this process was started for: the whole of a charm's main module.
 *
 * Whatever the charm throws fails the dispatch with exit code 1, so that Juju drops what was written to databags and runs
 * the hook again, and becomes one line of the unit's log: what happened, why, and what to do. Where the log cannot be
 * written, the line goes to standard error, which Juju logs too. For what is no error of this library, the stack follows
 * at level DEBUG.
 *
 * @example
 * ```ts
 * await runCharm(charm);
 * ```
 */
export async function runCharm(charm: (dispatch: Dispatch) => Promise<void>): Promise<void> {
  try {
    const { env } = process;
    await runDispatch(charm, env, processToolRunner(env, hookToolTimeoutMs), nodeMachine);
  } catch (error) {
    process.exitCode = 1;
    await log("ERROR", lineOf(error));
    const stack = stackOf(error);
    if (stack !== undefined) await log("DEBUG", stack);
    setTimeout(() => process.exit(), lingerMs).unref();
  }
}

/** What was thrown, as one line for an admin. */
function lineOf(thrown: unknown): string {
  if (isDatabaseBackupError(thrown)) {
    return printable(`${thrown.code}: ${sentence(thrown.message)} ${thrown.remedy}`);
  }
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrownText(thrown);
  const shown = mayHoldCredentials(text)
    ? "what it says is not shown, because it may hold credentials"
    : text;
  const remedy = "Report this to the author of the charm; the unit's log has more at level DEBUG.";
  return printable(`The charm failed unexpectedly: ${sentence(shown)} ${remedy}`);
}

/** Where an unexpected error came from: no text of the error itself, and no source. */
function stackOf(thrown: unknown): string | undefined {
  if (isDatabaseBackupError(thrown) || !(thrown instanceof Error)) return undefined;
  const frames = (thrown.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return printable(frames.map((frame) => frame.trim()).join(", "));
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

async function log(level: "ERROR" | "DEBUG", line: string): Promise<void> {
  const runTool = processToolRunner(process.env, logTimeoutMs);
  const { exitCode } = await runTool("juju-log", ["-l", level, "--", argument(line)]);
  if (exitCode !== 0 && level === "ERROR") process.stderr.write(`${line}\n`);
}
