/**
 * The command line of `juju-exec`, as a process of a simulated machine leaves it behind.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/juju-cli/list-of-juju-cli-commands/exec/
 */
import type { CommandAbout } from "../agent/command-relation.ts";
import { parseFlags, type FlagDefinition } from "../hook-tools/flags.ts";

/** What to run where. */
export interface JujuExec {
  readonly unit: string;
  readonly commands: string;
  readonly about: CommandAbout;
}

const known: ReadonlyMap<string, FlagDefinition> = new Map([
  ["unit", { kind: "text" }],
  ["u", { kind: "text", aliasOf: "unit" }],
  ["relation", { kind: "text" }],
  ["r", { kind: "text", aliasOf: "relation" }],
  ["remote-unit", { kind: "text" }],
]);

/** Reads a command; nothing where it is another one, or lacks what `juju-exec` needs. */
export function readJujuExec([program, ...args]: readonly string[]): JujuExec | undefined {
  if (program !== "juju-exec") return undefined;
  const outcome = parseFlags(args, known);
  if (!("args" in outcome)) return undefined;
  const { flags } = outcome;
  const given = flags.text("unit");
  const [unit, commands] = given === undefined ? outcome.args : [given, ...outcome.args];
  if (unit === undefined || commands === undefined) return undefined;
  return {
    unit,
    commands,
    about: { relation: flags.text("relation"), remoteUnit: flags.text("remote-unit") },
  };
}
