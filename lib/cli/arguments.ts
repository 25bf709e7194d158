/**
 * Reads the arguments of the command.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { ConfigurationError } from "../errors.ts";
import { quoted } from "../wire/received.ts";
import type { ExitCode, Terminal, Verb } from "./verb.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>;

/**
 * Takes arguments apart.
 *
 * @param helpCommand What to run for help, for the remedy.
 * @throws ConfigurationError where there is one that nobody knows.
 */
export function readArguments<const O extends Options>(
  args: readonly string[],
  options: O,
  helpCommand: string,
): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    // Node says in its first sentence what is wrong, without the option's value.
    const [message = ""] = cause instanceof Error ? cause.message.split(/\.\s|\.$/) : [String(cause)];
    throw new ConfigurationError(`${message}.`, {
      remedy: `Run ${helpCommand} for what there is.`,
      cause,
    });
  }
}

/**
 * Makes a verb, which shows its help where that is asked for.
 *
 * @param command What it is called as, for example `juju-database-backup replay`.
 * @param run What it does with its arguments.
 */
export function verbOf<const O extends Options>(
  command: string,
  help: string,
  options: O,
  run: (arguments_: Parsed<O & typeof helpOption>, terminal: Terminal) => Promise<ExitCode>,
): Verb {
  return {
    help,
    async run(args, terminal) {
      const read = readArguments(args, { ...options, ...helpOption }, `${command} --help`);
      if (!isHelp(read.values)) return await run(read, terminal);
      terminal.out(help);
      return 0;
    },
  };
}

const helpOption = { help: { type: "boolean", short: "h" } } as const;

function isHelp(values: Readonly<Record<string, unknown>>): boolean {
  return values["help"] === true;
}

/**
 * Reads an option that takes one of a few words.
 *
 * @param option Its name, for example `--side`.
 * @returns Undefined where it is not given.
 * @throws ConfigurationError where it is none of them.
 */
export function readChoice<const Choice extends string>(
  option: string,
  given: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  const choice = choices.find((candidate) => candidate === given);
  if (given === undefined || choice !== undefined) return choice;
  throw new ConfigurationError(`${option} is ${quoted(given)}.`, {
    remedy: `Give one of ${new Intl.ListFormat("en-GB").format(choices)}.`,
  });
}
