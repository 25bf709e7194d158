/**
 * Runs a hook tool by its name, in memory: no process, no socket.
 *
 * @module
 */
import { actionTools } from "./action-tools.ts";
import { parseFlags, type FlagDefinition } from "./flags.ts";
import { ToolFailure, type HookTool, type ToolContext, type ToolResult } from "./hook-tool.ts";
import { formats, printValue } from "./output.ts";
import { checkRelation, relationTools } from "./relation-tools.ts";
import { secretTools } from "./secret-tools.ts";
import { statusTools } from "./status-tools.ts";
import { unitTools } from "./unit-tools.ts";

/** Files as the tools reach them, relative to the folder that the tool was called in. */
export interface ToolFiles {
  read(path: string): string;
  write(path: string, text: string): void;
}

/** What a call of a hook tool brings along. */
export interface ToolRequest {
  readonly name: string;
  readonly args: readonly string[];
  /** Standard input, once it was asked for. */
  readonly stdin: string | undefined;
  /** Absent where there are no files: then naming one fails. */
  readonly files: ToolFiles | undefined;
}

interface KnownTool {
  readonly tool: HookTool;
  readonly flags: ReadonlyMap<string, FlagDefinition>;
}

const tools: ReadonlyMap<string, KnownTool> = new Map(
  [...relationTools, ...actionTools, ...statusTools, ...unitTools, ...secretTools].map((tool) => {
    const output = tool.format === undefined ? {} : outputFlags(tool.format);
    return [tool.name, { tool, flags: new Map(Object.entries({ ...tool.flags, ...output })) }];
  }),
);

/** The names of all hook tools that are simulated. */
export const hookToolNames: readonly string[] = [...tools.keys()];

class NeedsStdin extends Error {}

function outputFlags(standard: "smart" | "yaml"): Readonly<Record<string, FlagDefinition>> {
  const known = new Set(formats.filter((format) => format !== "smart" || standard === "smart"));
  const check = (value: string): string | undefined =>
    known.has(value) ? undefined : `unknown format ${JSON.stringify(value)}`;
  return {
    format: { kind: "text", check },
    output: { kind: "text" },
    o: { kind: "text", aliasOf: "output" },
  };
}

/** Runs a hook tool, or says that it wants to be called again with its standard input. */
export function runHookTool(context: ToolContext, request: ToolRequest): ToolResult | "needs-stdin" {
  const known = findTool(context, request.name);
  if (known === undefined) {
    return error(1, `bad request: unknown ${kindOf(context)} command: ${request.name}`);
  }
  const { tool, flags } = known;
  const outcome = parseFlags(request.args, flags, (flag, value) =>
    flag === "relation" ? checkRelation(context, value) : undefined,
  );
  if ("help" in outcome) return { code: 0, stdout: helpOf(tool, [...flags.keys()]), stderr: "" };
  if ("error" in outcome) return error(2, outcome.error);
  try {
    const readInput = (path: string): string => readFile(request, path);
    const { value, stdout = "", stderr = "" } = tool.run({ context, ...outcome, readInput });
    if (value === undefined) return { code: 0, stdout, stderr };
    const printed = printValue(value, outcome.flags.text("format") ?? tool.format ?? "smart");
    const file = outcome.flags.text("output") ?? "";
    if (file === "") return { code: 0, stdout: printed, stderr };
    filesOf(request).write(file, printed);
    return { code: 0, stdout: "", stderr };
  } catch (thrown) {
    if (thrown instanceof NeedsStdin) return "needs-stdin";
    if (thrown instanceof ToolFailure) return error(thrown.code, thrown.message);
    throw thrown;
  }
}

/** From Juju 4 on only an action has the tools about actions. */
function findTool(context: ToolContext, name: string): KnownTool | undefined {
  const tool = tools.get(name);
  const isMissing = context.model.isAtLeast(4) && context.action === undefined && name.startsWith("action-");
  return isMissing ? undefined : tool;
}

function kindOf(context: ToolContext): "action" | "hook" {
  return context.model.isAtLeast(4) && context.action !== undefined ? "action" : "hook";
}

function error(code: number, message: string): ToolResult {
  return { code, stdout: "", stderr: `ERROR ${message}\n` };
}

function readFile(request: ToolRequest, path: string): string {
  if (path !== "-") return filesOf(request).read(path);
  if (request.stdin === undefined) throw new NeedsStdin();
  return request.stdin;
}

function filesOf({ files }: ToolRequest): ToolFiles {
  return files ?? { read: noFiles, write: noFiles };
}

function noFiles(path: string): never {
  throw new ToolFailure(1, `open ${path}: no such file or directory`);
}

function helpOf(tool: HookTool, flags: readonly string[]): string {
  const options = flags.toSorted().map((name) => (name.length > 1 ? `--${name}` : `-${name}`));
  return `Usage: ${tool.name} [options] ...\n${options.length > 0 ? `\nOptions:\n    ${options.join("\n    ")}\n` : ""}`;
}
