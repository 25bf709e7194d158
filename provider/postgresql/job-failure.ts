/**
 * What a job's failure is to an admin.
 *
 * @module
 */
import { isExecutorError } from "../../lib/errors.ts";
import type { Failure } from "../../lib/job/report.ts";
import { thrownText } from "../../lib/thrown.ts";

/** The failure that stands for whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (isExecutorError(thrown)) return thrown.failure;
  const text = thrownText(thrown);
  return {
    code: "executor-failed",
    message: `The job ended unexpectedly: ${oneLine(text)}`,
    remedy: "Read the job's log, and report this message if the log does not explain it.",
  };
}

/** Does something. @returns Why it failed; undefined where it did not. */
export async function failureIn(deed: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await deed();
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

/** The failure of a job that was cancelled. */
export const cancelledFailure: Failure = {
  code: "cancelled",
  message: "The job was cancelled.",
  remedy: "Request it again when it is wanted.",
};

/** Cuts a text to one line of bounded length, for a message. */
export function oneLine(text: string, limit = 200): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}

/** Says a number of bytes as people read it, in binary units. */
export function describeBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}
