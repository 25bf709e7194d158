/**
 * The verb `validate`: says what is wrong with databags.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { ConfigurationError } from "../errors.ts";
import { errnoOf } from "../process/errno.ts";
import { quoted } from "../wire/received.ts";
import { readArguments } from "./arguments.ts";
import { databagProblems, dependsOnSide, sideOf, sides, type Side } from "./databag-problems.ts";
import { readDatabagText } from "./databag-text.ts";
import type { ExitCode, Terminal, Verb } from "./verb.ts";

const command = "juju-database-backup validate";

const help = `Usage: ${command} [--side ${sides.join("|")}] [<file> ...]

Checks databags of the interface database_backup, and prints one line for each problem: the file, the job, what is
wrong with which field, and what to do. No line shows a credential.

A file holds a databag as a JSON object of its keys, or the list of its jobs. Without a file, or for -, standard input
is read.

Options:
      --side  Who wrote the databags: the provider, which is the database, or the requirer, which is the backup
              manager. Needed where the fields do not tell.
  -h, --help  Show this.

Exit codes: 0 no problem, 1 problems, 2 something could not be read or told.`;

const options = { side: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

/** Checks databags. */
export const validate: Verb = {
  name: "validate",
  summary: "Say what is wrong with databags.",
  help,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, options, `${command} --help`);
    if (values.help === true) {
      terminal.out(help);
      return 0;
    }
    const side = readSide(values.side);
    let worst: ExitCode = 0;
    for (const file of positionals.length === 0 ? ["-"] : positionals) {
      const code = await validateFile(file, side, terminal);
      if (code > worst) worst = code;
    }
    return worst;
  },
};

function readSide(given: string | undefined): Side | undefined {
  const side = sides.find((candidate) => candidate === given);
  if (given === undefined || side !== undefined) return side;
  throw new ConfigurationError(`--side is ${quoted(given)}.`, {
    remedy: `Give one of ${sides.join(" and ")}.`,
  });
}

async function validateFile(
  file: string,
  givenSide: Side | undefined,
  terminal: Terminal,
): Promise<ExitCode> {
  const name = file === "-" ? "standard input" : nameOf(file);
  let text: string;
  try {
    text = file === "-" ? await terminal.input() : await readFile(file, "utf8");
  } catch (error) {
    terminal.err(`${name}: cannot be read (${errnoOf(error) ?? String(error)}).`);
    return 2;
  }
  const read = readDatabagText(text);
  if ("unreadable" in read) {
    terminal.err(`${name}: ${read.unreadable} ${read.remedy}`);
    return 2;
  }
  const { databag } = read;
  const side = givenSide ?? sideOf(databag) ?? (dependsOnSide(databag) ? undefined : "requirer");
  if (side === undefined) {
    terminal.err(
      `${name}: the fields do not tell which side wrote it. Give --side ${sides.join(" or --side ")}.`,
    );
    return 2;
  }
  const problems = databagProblems(databag, side);
  for (const { job, message, remedy } of problems) {
    terminal.out([`${name}:`, ...(job === undefined ? [] : [`job ${job}:`]), message, remedy].join(" "));
  }
  return problems.length === 0 ? 0 : 1;
}

/** A text that stands where a file's name is expected may be a databag with its keys. */
function nameOf(file: string): string {
  return /^[\w./ @+-]+$/.test(file) ? file : quoted(file);
}
