/**
 * The error of the real servers and the way to run the commands that prepare them.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { describeEnd, run, type RunOptions } from "../../lib/process/run.ts";

/** What a {@link ServerError} says besides its first sentence. */
export interface ServerErrorOptions {
  /** One imperative sentence: what to do next. */
  readonly remedy: string;
  /** The log whose last lines belong to the message. */
  readonly logFile?: string;
  readonly cause?: unknown;
}

/** A real server could not be started, used or stopped. The message holds the end of its log and what to do. */
export class ServerError extends Error {
  /** One imperative sentence, for people. */
  readonly remedy: string;

  constructor(message: string, options: ServerErrorOptions) {
    // A test runner prints the message alone, so that all that helps must be in it.
    const log = options.logFile === undefined ? "" : `\n${endOfLog(options.logFile)}`;
    super(
      `${message} ${options.remedy}${log}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = "ServerError";
    this.remedy = options.remedy;
  }
}

/**
 * Runs a command to its end and gives back its standard output.
 *
 * @param purpose What it does, for the middle of a sentence: "create the S3 user admin".
 * @throws {@link ServerError} where it fails or takes longer than 60 s.
 */
export async function runOrThrow(
  purpose: string,
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(argv, { timeoutMs: 60_000, ...options });
  if (result.exitCode === 0) return result.stdout;
  const said = [result.stderr.trim(), result.stdout.trim()].filter((text) => text !== "").join("\n");
  throw new ServerError(`${argv[0]}, which was to ${purpose}, ${describeEnd(result)}.`, {
    remedy: said === "" ? "It said nothing; run it by hand." : `Read what it said:\n${said}`,
  });
}

const linesOfLog = 15;

function endOfLog(logFile: string): string {
  let text: string;
  try {
    text = readFileSync(logFile, "utf8").trimEnd();
  } catch (error) {
    return `(${logFile} cannot be read: ${error instanceof Error ? error.message : String(error)})`;
  }
  if (text === "") return `(${logFile} is empty)`;
  return `The end of ${logFile}:\n${text.split("\n").slice(-linesOfLog).join("\n")}`;
}
