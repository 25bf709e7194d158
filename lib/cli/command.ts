/**
 * The command: picks the verb, and tells how it ended.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { ConfigurationError, isDatabaseBackupError } from "../errors.ts";
import { quoted } from "../wire/received.ts";
import { readArguments } from "./arguments.ts";
import type { ExitCode, ListedVerb, Terminal } from "./verb.ts";

const name = "juju-database-backup";
const verbs: readonly ListedVerb[] = [
  {
    name: "validate",
    summary: "Say what is wrong with databags.",
    load: async () => (await import("./validate/validate.ts")).validate,
  },
  {
    name: "conformance",
    summary: "Judge a charm by the rules of the interface.",
    load: async () => (await import("./conformance/conformance.ts")).conformance,
  },
  {
    name: "replay",
    summary: "Tell the story of jobs from outputs of juju show-unit.",
    load: async () => (await import("./replay/replay.ts")).replay,
  },
];

const help = `Usage: ${name} <verb> [options]

Verbs:
${verbs.map((verb) => `  ${verb.name.padEnd(11)} ${verb.summary}`).join("\n")}

Options:
  -h, --help     Show this, or after a verb what it does.
      --version  Show the version.`;

const options = { help: { type: "boolean", short: "h" }, version: { type: "boolean" } } as const;

/**
 * Runs the command. Never throws for what it is given.
 *
 * @param args What follows the command's name.
 */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await run(args, terminal);
  } catch (error) {
    if (!isDatabaseBackupError(error) || error.code !== "configuration-invalid") throw error;
    terminal.err(`${error.message} ${error.remedy}`);
    return 2;
  }
}

async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === undefined) {
    terminal.err(help);
    return 2;
  }
  const verb = verbs.find((candidate) => candidate.name === first);
  if (verb !== undefined) return await (await verb.load()).run(rest, terminal);
  if (!first.startsWith("-")) {
    throw new ConfigurationError(`There is no verb ${quoted(first)}.`, {
      remedy: `The verbs are: ${verbs.map((candidate) => candidate.name).join(", ")}.`,
    });
  }
  const { values } = readArguments(args, options, `${name} --help`);
  terminal.out(values.version === true ? version() : help);
  return 0;
}

function version(): string {
  const file = new URL(import.meta.resolve(`${name}/package.json`));
  const manifest: { readonly version: string } = JSON.parse(readFileSync(file, "utf8"));
  return manifest.version;
}
