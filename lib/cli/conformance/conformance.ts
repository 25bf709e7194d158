/**
 * The verb `conformance`: judges a charm.
 *
 * @module
 */
import { access, constants, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { judgeCharm, type Conformance } from "../../conformance/conformance.ts";
import { jsonReport } from "../../conformance/reports/json-report.ts";
import { junitReport } from "../../conformance/reports/junit-report.ts";
import { textReport } from "../../conformance/reports/text-report.ts";
import { encodeTrace } from "../../conformance/trace/trace-text.ts";
import { sides } from "../../wire/side.ts";
import { ConfigurationError } from "../../errors.ts";
import { errnoOf } from "../../process/errno.ts";
import { quoted } from "../../wire/received.ts";
import { readChoice, verbOf } from "../arguments.ts";
import type { Verb } from "../verb.ts";

const command = "juju-database-backup conformance";
const formats = ["text", "json", "junit"] as const;

const help = `Usage: ${command} [options]

Runs a charm as real processes under the simulated Juju, plays the other side of the interface database_backup, and
says of each rule whether it holds, is broken, or was not shown. The charm may be in any language: it is a folder with
charmcraft.yaml (or metadata.yaml) and an executable dispatch.

Options:
      --charm     The charm's folder. Default: the current one.
      --side      provider (a database) or requirer (a backup manager). Default: that of the charm's endpoint.
      --endpoint  The charm's endpoint. Default: its only one with the interface.
      --observe   The file that tells how the charm is set up and observed. Default: conformance.json in its folder.
      --rule      A rule to judge, by its id. May be given more than once. Default: all.
      --strict    Rules that were not shown count as broken.
      --format    ${formats.join(", ")}. Default: text.
      --traces    A folder that takes a trace of each scenario, for juju-database-backup replay.
      --patience  Seconds to wait for a change while the charm leaves something running that never ends. Default: 5.
      --hook-time Seconds that a hook may take. Default: 60.
  -h, --help      Show this.

Exit codes: 0 no rule broken, 1 rules broken, 2 the charm cannot be judged.`;

const options = {
  charm: { type: "string" },
  side: { type: "string" },
  endpoint: { type: "string" },
  observe: { type: "string" },
  rule: { type: "string", multiple: true },
  strict: { type: "boolean" },
  format: { type: "string" },
  traces: { type: "string" },
  patience: { type: "string" },
  "hook-time": { type: "string" },
} as const;

/** Judges a charm. */
export const conformance: Verb = verbOf(command, help, options, async ({ values, positionals }, terminal) => {
  const [surplus] = positionals;
  if (surplus !== undefined) {
    throw new ConfigurationError(`${quoted(surplus)} is no option.`, {
      remedy: "Name the charm's folder with --charm.",
    });
  }
  const format = readChoice("--format", values.format, formats) ?? "text";
  const side = readChoice("--side", values.side, sides);
  const limits = {
    ...(values.patience === undefined ? {} : { patienceMs: readSeconds("--patience", values.patience) }),
    ...(values["hook-time"] === undefined ? {} : { hookMs: readSeconds("--hook-time", values["hook-time"]) }),
  };
  const { traces } = values;
  if (traces !== undefined) await makeFolder(traces);
  const signal = terminal.interruption();
  const judged = judgeCharm({
    signal,
    charm: values.charm ?? ".",
    side,
    endpoint: values.endpoint,
    observation: values.observe,
    rules: values.rule,
    limits,
    onPlayed: async ({ scenario, trace }) => {
      if (traces !== undefined) await writeFile(join(traces, `${scenario}.jsonl`), encodeTrace(trace));
    },
  });
  const result = await unlessInterrupted(judged, signal);
  if (result === undefined) {
    terminal.err("Interrupted before all was judged. What the charm left running has been ended.");
    return 2;
  }
  for (const line of linesOf(result, format)) terminal.out(line);
  const fails = values.strict === true ? ["broken", "not shown"] : ["broken"];
  return result.verdicts.some(({ verdict }) => fails.includes(verdict)) ? 1 : 0;
});

/** @throws ConfigurationError where it cannot be made, or not written into. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(resolve(folder));
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new ConfigurationError(
      `Traces cannot be written into ${quoted(folder)} (${errnoOf(cause) ?? "unknown"}).`,
      { remedy: "Name a folder with --traces that can be written.", cause },
    );
  }
}

/** Node's own way does not end where the parent is there and takes no folders, as below `/proc`. */
async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EEXIST" && (await stat(folder)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(folder) === folder) throw error;
    await makeFolders(dirname(folder));
    await mkdir(folder);
  }
}

async function unlessInterrupted<T>(result: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function linesOf(result: Conformance, format: (typeof formats)[number]): readonly string[] {
  switch (format) {
    case "text":
      return textReport(result);
    case "json":
      return [jsonReport(result)];
    case "junit":
      return [junitReport(result)];
  }
}

/** Reads a number of seconds, and gives milliseconds. @throws ConfigurationError where it is none. */
function readSeconds(option: string, given: string): number {
  const value = Number(given);
  if (value > 0 && value <= 86_400) return value * 1_000;
  throw new ConfigurationError(`${option} is ${quoted(given)}.`, { remedy: "Give a number of seconds." });
}
