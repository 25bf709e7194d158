/**
 * The verb `validate`: says what is wrong with databags.
 *
 * @module
 */
import { readChoice, verbOf } from "../arguments.ts";
import { sides } from "../../wire/side.ts";
import { inputName, readInputText, type Unreadable } from "../input-text.ts";
import type { ExitCode, Terminal, Verb } from "../verb.ts";
import { checkText, type CheckOptions } from "./check-text.ts";
import type { Checked } from "./found-problem.ts";
import type { MakeOutput } from "./output.ts";

const command = "juju-database-backup validate";
const formats = ["text", "json", "github"] as const;
type Format = (typeof formats)[number];

const help = `Usage: ${command} [options] [<file> ...]

Checks databags of the interface database_backup, and prints one line for each problem: the file, line and column, the
job, what is wrong with which field, what to do, and the section that says so. No line shows a credential.

A file holds, as JSON or YAML, a databag as an object of its keys, the list of its jobs alone, or the output of
juju show-unit. Without a file, or for -, standard input is read.

Options:
      --side      Who wrote the databags: the provider, which is the database, or the requirer, which is the backup
                  manager. Needed where the fields do not tell. Of juju show-unit, which tells, only the databags of
                  that side are then checked.
      --endpoint  The endpoint of the unit in juju show-unit. Default: found out by its name and by the databags.
      --strict    Warnings, which are about what the interface leaves open, are errors.
      --format    ${formats.join(", ")}. Default: text.
  -h, --help      Show this.

Exit codes: 0 no error, 1 errors, 2 something could not be read or told.`;

const options = {
  side: { type: "string" },
  endpoint: { type: "string" },
  strict: { type: "boolean" },
  format: { type: "string" },
} as const;

/** Checks databags. */
export const validate: Verb = verbOf(command, help, options, async ({ values, positionals }, terminal) => {
  const asked: CheckOptions = {
    side: readChoice("--side", values.side, sides),
    endpoint: values.endpoint,
    strict: values.strict ?? false,
  };
  const output = (await outputOf(readChoice("--format", values.format, formats) ?? "text"))(terminal);
  let worst: ExitCode = 0;
  for (const file of positionals.length === 0 ? ["-"] : positionals) {
    const result = await checkFile(file, asked, terminal);
    output.input({ name: inputName(file), file: file === "-" ? undefined : file, result });
    const code = exitCodeOf(result);
    if (code > worst) worst = code;
  }
  output.end();
  return worst;
});

async function checkFile(
  file: string,
  asked: CheckOptions,
  terminal: Terminal,
): Promise<Checked | Unreadable> {
  const read = await readInputText(file, terminal);
  return "unreadable" in read ? read : await checkText(read.text, asked);
}

function exitCodeOf(result: Checked | Unreadable): ExitCode {
  if ("unreadable" in result) return 2;
  return result.counts.errors === 0 ? 0 : 1;
}

async function outputOf(format: Format): Promise<MakeOutput> {
  switch (format) {
    case "text":
      return (await import("./text-output.ts")).textOutput;
    case "json":
      return (await import("./json-output.ts")).jsonOutput;
    case "github":
      return (await import("./github-output.ts")).githubOutput;
  }
}
