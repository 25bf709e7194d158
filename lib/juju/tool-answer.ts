/**
 * Reads what Juju's hook tools answer, and refuses what they never answer. No message repeats anything of an answer,
 * which may be a databag with credentials.
 *
 * @module
 */
import { HookToolError } from "../errors.ts";
import { mayHoldCredentials, shortened } from "../printable.ts";
import type { Databag } from "./juju.ts";

type JsonRecord = Readonly<Record<string, unknown>>;

/** How much of a tool's complaint a message repeats. */
const longestComplaint = 500;

/** Reads the output of a tool that was asked for JSON. */
export function parseAnswer(tool: string, text: string): unknown {
  try {
    const answer: unknown = JSON.parse(text);
    return answer;
  } catch {
    // What JSON.parse throws quotes the text.
    throw unusable(tool, text.trim() === "" ? "gave no answer" : "answered what is no JSON");
  }
}

/** Reads yes or no. */
export function answeredTruth(tool: string, answer: unknown): boolean {
  if (typeof answer === "boolean") return answer;
  throw unexpected(tool, "neither true nor false");
}

/** Reads an object, which Juju may leave out where it is empty. */
export function answeredRecord(tool: string, answer: unknown): JsonRecord {
  if (answer === null) return {};
  if (typeof answer !== "object" || Array.isArray(answer)) throw unexpected(tool, "no object");
  return { ...answer };
}

/** Reads a list of texts, which Juju may leave out where it is empty. */
export function answeredTexts(tool: string, answer: unknown): readonly string[] {
  if (answer === null) return [];
  if (!Array.isArray(answer)) throw unexpected(tool, "no list of texts");
  const texts = answer.filter((item): item is string => typeof item === "string");
  if (texts.length < answer.length) throw unexpected(tool, "no list of texts");
  return texts;
}

/** Reads the name of an application. */
export function answeredApplication(tool: string, answer: unknown): string {
  if (typeof answer === "string" && answer !== "") return answer;
  throw unexpected(tool, "no application's name");
}

/** Reads a databag. */
export function answeredDatabag(tool: string, answer: unknown): Databag {
  const entries = Object.entries(answeredRecord(tool, answer));
  const values = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (values.length < entries.length) throw unexpected(tool, "no object of texts");
  return Object.fromEntries(values);
}

/** What a tool says on standard error, as one line that can be shown. */
export function complaintOf(stderr: string): string {
  const complaint = stderr.trim().replace(/^ERROR /, "");
  if (mayHoldCredentials(complaint)) return "what it said is not shown, because it may hold credentials";
  return shortened(complaint, longestComplaint);
}

function unexpected(tool: string, what: string): HookToolError {
  return unusable(tool, `answered JSON that is ${what}`);
}

/** What a tool said cannot be used. */
export function unusable(tool: string, what: string): HookToolError {
  return new HookToolError(
    `Juju's hook tool ${tool} ${what}.`,
    { exitCode: 0, signal: undefined },
    { remedy: "Look into the unit's log, and check the version of Juju." },
  );
}
