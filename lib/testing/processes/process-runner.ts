/**
 * Runs a charm as processes: its own `./dispatch` with Juju's environment, and its hook tools over a socket.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { resolve } from "node:path";
import { errnoOf } from "../../process/errno.ts";
import type { AgentLoop } from "../agent/agent-loop.ts";
import type { CharmRunner } from "../agent/charm-runner.ts";
import type { HookContext } from "../agent/hook-context.ts";
import { hookEnvironment, type HookPlaces } from "../agent/hook-environment.ts";
import { bringsCharm, operationName, type ProcessEnd } from "../agent/operation.ts";
import { ToolFailure } from "../hook-tools/hook-tool.ts";
import type { ToolFiles } from "../hook-tools/run-hook-tool.ts";
import type { Log } from "../log-line.ts";
import { AgentServer } from "./agent-server.ts";
import { Dispatcher } from "./dispatcher.ts";

/** What a runner needs. */
export interface ProcessRunnerOptions {
  readonly unit: string;
  /** The folder of the charm that the unit's application has now. */
  readonly charm: () => string;
  readonly places: HookPlaces;
  readonly log: Log;
  /** Whose commands `juju-exec` runs. */
  readonly loop: Pick<AgentLoop, "exec">;
}

/** Runs one unit's charm as processes. */
export class ProcessRunner implements CharmRunner {
  readonly #options: ProcessRunnerOptions;
  readonly #dispatcher = new Dispatcher();
  #server: AgentServer | undefined;
  #context: HookContext | undefined;

  private constructor(options: ProcessRunnerOptions) {
    this.#options = options;
  }

  /** Opens the socket for the unit's hook tools. */
  static async start(options: ProcessRunnerOptions): Promise<ProcessRunner> {
    const runner = new ProcessRunner(options);
    runner.#server = await AgentServer.listen(
      options.places.socketPath,
      async (request) => await runner.#answer(request),
    );
    return runner;
  }

  async run(context: HookContext): Promise<ProcessEnd> {
    if (bringsCharm(context.operation)) await this.#linkCharm();
    this.#context = context;
    try {
      return await this.#runProcess(context);
    } finally {
      this.#context = undefined;
    }
  }

  kill(): void {
    this.#dispatcher.kill();
  }

  killDispatch(): void {
    this.#dispatcher.killAlone();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #linkCharm(): Promise<void> {
    const { charm, places } = this.#options;
    await rm(places.charmDirectory, { force: true });
    await symlink(charm(), places.charmDirectory);
  }

  async #runProcess(context: HookContext): Promise<ProcessEnd> {
    const { places, log } = this.#options;
    const { operation, unit } = context;
    const module = `unit.${unit}.${operationName(operation)}`;
    const shared = { cwd: places.charmDirectory, env: hookEnvironment(context, places) };
    if (operation.kind === "command") {
      return await this.#dispatcher.run({
        ...shared,
        argv: ["/bin/bash", "-s"],
        stdin: operation.command.commands,
        onStdoutLine: ignore,
        onStderrLine: ignore,
      });
    }
    return await this.#dispatcher.run({
      ...shared,
      argv: ["./dispatch"],
      onStdoutLine: (message) => log({ unit, level: "DEBUG", module, message }),
      onStderrLine: (message) => log({ unit, level: "WARNING", module, message }),
    });
  }

  async #answer(request: readonly string[]): Promise<readonly string[]> {
    const [kind, ...fields] = request;
    if (kind === "hook-tool") return this.#runTool(fields);
    return kind === "juju-exec" ? await this.#runCommand(fields) : refusal("bad request");
  }

  #runTool(fields: readonly string[]): readonly string[] {
    const [contextId = "", directory = "/", name = "", given, stdin, ...args] = fields;
    const context = this.#context;
    if (context === undefined) {
      const { socketPath } = this.#options.places;
      return refusal(`dial unix ${socketPath}: connect: no such file or directory`);
    }
    if (context.id !== contextId) {
      return refusal(
        `bad request: expected context id ${JSON.stringify(context.id)}, got ${JSON.stringify(contextId)}`,
      );
    }
    const result = context.runTool(name, args, given === "1" ? stdin : undefined, filesIn(directory));
    return result === "needs-stdin" ? ["stdin", "", ""] : [String(result.code), result.stdout, result.stderr];
  }

  async #runCommand(fields: readonly string[]): Promise<readonly string[]> {
    const [unit, relation = "", remoteUnit = "", commands = ""] = fields;
    if (unit !== this.#options.unit) return refusal("bad request");
    const about = { relation: unlessEmpty(relation), remoteUnit: unlessEmpty(remoteUnit) };
    const end = await this.#options.loop.exec(commands, about);
    return [String(end.exitCode), end.stdout, end.stderr];
  }
}

/** What a command prints goes to the caller of `juju-exec`, not to the log. */
function ignore(): void {
  return undefined;
}

function unlessEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function refusal(message: string): readonly string[] {
  return ["1", "", `ERROR ${message}\n`];
}

function filesIn(directory: string): ToolFiles {
  const reach = <T>(path: string, how: (absolute: string) => T): T => {
    try {
      return how(resolve(directory, path));
    } catch (error) {
      const code = errnoOf(error);
      const why = code === "ENOENT" ? "no such file or directory" : String(code);
      throw new ToolFailure(1, `open ${path}: ${why}`);
    }
  };
  return {
    read: (path) => reach(path, (absolute) => readFileSync(absolute, "utf8")),
    write: (path, text) => reach(path, (absolute) => writeFileSync(absolute, text)),
  };
}
