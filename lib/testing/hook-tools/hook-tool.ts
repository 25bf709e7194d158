/**
 * What a hook tool is, and what it may ask of the context it runs in.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/
 */
import type { ConfigValue } from "../model/charm-metadata.ts";
import type { LogLine } from "../log-line.ts";
import type { Model, Status } from "../model/model.ts";
import type { SettingsBuffer } from "../agent/settings-buffer.ts";
import type { FlagDefinition, ParsedFlags } from "./flags.ts";
import type { ToolSecrets } from "./tool-secrets.ts";

/** What a hook tool prints and how it ends. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A relation as the running hook sees it. */
export interface ToolRelation {
  readonly id: number;
  readonly endpoint: string;
  readonly remoteApplication: string;
  readonly isPeer: boolean;
  /** The UUID of the model that the remote application is in; undefined where it is the unit's own. */
  readonly otherModelUuid: string | undefined;
  /** How Juju writes the relation in its messages. */
  readonly key: string;
  /** The remote units that this unit has seen, sorted. */
  readonly members: readonly string[];
  /** The buffered databag of the unit. */
  unitSettings(): SettingsBuffer;
  /** The buffered databag of the unit's own application. */
  applicationSettings(): SettingsBuffer;
  /** Another unit's databag, or nothing where it never took part. */
  readUnit(unit: string): Readonly<Record<string, string>> | undefined;
  readApplication(application: string): Readonly<Record<string, string>>;
}

/** The running action as its tools see it. */
export interface ToolAction {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Sets a result; a later value for the same key takes its place. */
  setResult(path: readonly string[], value: string): void;
  log(message: string): void;
  fail(message: string): void;
}

/** One hook context as its tools see it. */
export interface ToolContext {
  readonly unit: string;
  readonly application: string;
  readonly model: Model;
  /** The relation that the hook is about. */
  readonly hookRelation: ToolRelation | undefined;
  readonly remoteUnit: string | undefined;
  readonly remoteApplication: string | undefined;
  readonly relations: readonly ToolRelation[];
  /** Whether a relation id is refused that names another endpoint than the relation's own. */
  readonly checksEndpoints: boolean;
  readonly action: ToolAction | undefined;
  readonly secrets: ToolSecrets;
  /** Tells whether the unit leads. Once it was told "no", it is told so for the rest of the hook. */
  isLeader(): boolean;
  config(): Readonly<Record<string, ConfigValue>>;
  /** What the charm keeps with `state-set`, with the changes of this hook. */
  readonly state: Map<string, string>;
  /** Takes note that `state` was changed. */
  stateChanged(): void;
  setUnitStatus(status: Status): void;
  log(level: LogLine["level"], message: string): void;
}

/** One call of a hook tool, its flags already read. */
export interface ToolCall {
  readonly context: ToolContext;
  readonly flags: ParsedFlags;
  readonly args: readonly string[];
  /** Reads the file that `--file` names; "-" is standard input. */
  readonly readInput: (path: string) => string;
}

/** What a tool has to say: a value for the formatter, or nothing. */
export interface ToolOutput {
  /** Printed in the format asked for. */
  readonly value?: unknown;
  /** Printed as it is, by tools that know no formats. */
  readonly stdout?: string;
  /** Printed on standard error as it is. */
  readonly stderr?: string;
}

/** A hook tool. */
export interface HookTool {
  readonly name: string;
  /** The flags besides `--help` and, where `format` is given, `--format` and `--output`. */
  readonly flags?: Readonly<Record<string, FlagDefinition>>;
  /** The format of the output where none is asked for; tools that default to YAML know no smart one. Absent for tools without formats. */
  readonly format?: "smart" | "yaml";
  readonly run: (call: ToolCall) => ToolOutput;
}

/** The end of a tool that fails. Its message goes to the charm as `ERROR <message>`. */
export class ToolFailure extends Error {
  /** 2 for arguments that are wrong, 1 for everything else. */
  readonly code: 1 | 2;

  constructor(code: 1 | 2, message: string) {
    super(message);
    this.code = code;
  }
}

/** Ends the tool because its arguments are wrong. */
export function misused(message: string): never {
  throw new ToolFailure(2, message);
}

/** Ends the tool because what it was asked for cannot be done. */
export function failed(message: string): never {
  throw new ToolFailure(1, message);
}

/** Refuses arguments that no tool reads. */
export function requireNoMore(args: readonly string[]): void {
  if (args.length > 0) misused(`unrecognized args: [${args.map((arg) => JSON.stringify(arg)).join(" ")}]`);
}

/** Reads `key=value` arguments. A repeated key is an error; a value may be empty and may hold "=". */
export function keyValues(args: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const arg of args) {
    const at = arg.indexOf("=");
    if (at < 1) misused(`expected "key=value", got ${JSON.stringify(arg)}`);
    const key = arg.slice(0, at);
    if (pairs.has(key)) misused(`key ${JSON.stringify(key)} specified more than once`);
    pairs.set(key, arg.slice(at + 1));
  }
  return pairs;
}
