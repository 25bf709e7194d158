/**
 * Runs a charm in the process of the test: its code is a function, and its hook tools are calls.
 *
 * @module
 */
import { resolve } from "node:path";
import { errnoOf } from "../../process/errno.ts";
import { runDispatch, type Dispatch } from "../../juju/dispatch.ts";
import type { ToolEnd, ToolRunner } from "../../juju/tool-runner.ts";
import type { CharmRunner } from "../agent/charm-runner.ts";
import type { HookContext } from "../agent/hook-context.ts";
import { hookEnvironment } from "../agent/hook-environment.ts";
import { bringsCharm, operationName, type ProcessEnd } from "../agent/operation.ts";
import { ToolFailure } from "../hook-tools/hook-tool.ts";
import type { ToolFiles } from "../hook-tools/run-hook-tool.ts";
import type { Log } from "../log-line.ts";
import { unitTag } from "../model/unit-name.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { describe, type SimulatedMachine } from "./simulated-machine.ts";
import type { Intent, SimulatedProcess } from "./simulated-process.ts";

/** A charm as a function of one dispatch. Whatever it throws fails the dispatch, as an exit code of 1 does. */
export type CharmFunction = (dispatch: Dispatch) => Promise<void>;

/** What a runner needs. */
export interface InProcessRunnerOptions {
  readonly unit: string;
  /** The charm that the unit's application has now. */
  readonly charm: () => CharmFunction;
  readonly machine: SimulatedMachine;
  readonly log: Log;
}

/** Runs one unit's charm in this process. */
export class InProcessRunner implements CharmRunner {
  readonly #options: InProcessRunnerOptions;
  #charm: CharmFunction;
  #process: SimulatedProcess | undefined;

  constructor(options: InProcessRunnerOptions) {
    this.#options = options;
    this.#charm = options.charm();
  }

  /** Whether the charm waits for the clock or for the test. */
  get isWaiting(): boolean {
    return this.#process?.isActive === false;
  }

  /** The dispatch under way, if any. */
  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  /** The machine that the unit runs on. */
  get machine(): SimulatedMachine {
    return this.#options.machine;
  }

  async run(context: HookContext): Promise<ProcessEnd> {
    const environment = this.#environment(context);
    if (environment === undefined) {
      return { exitCode: 127, stdout: "", stderr: "only the charm's own dispatch runs in process\n" };
    }
    const { unit, machine, log } = this.#options;
    if (bringsCharm(context.operation)) this.#charm = this.#options.charm();
    const charm = this.#charm;
    await machine.disk.makeDirectory(this.#charmDirectory);
    const process = machine.process();
    this.#process = process;
    let isOver = false;
    const end = await process.run(async () => {
      const runTool: ToolRunner = async (tool, args, stdin) =>
        isOver
          ? contextGone()
          : await process.act(() => this.#runTool(context, tool, args, stdin), {
              what: tool,
              args,
              fails: connectionLost,
            });
      await runDispatch(charm, environment, runTool, machine.as(process));
    }, exit);
    this.#process = undefined;
    isOver = end.how !== "killed";
    if (end.how === "returned") return { exitCode: 0, stdout: "", stderr: "" };
    if (end.how === "killed") return { exitCode: end.exitCode, stdout: "", stderr: "" };
    const stderr = `${describe(end.error)}\n`;
    const module = `unit.${unit}.${operationName(context.operation)}`;
    for (const message of stderr.trimEnd().split("\n")) log({ unit, level: "WARNING", module, message });
    return { exitCode: 1, stdout: "", stderr };
  }

  kill(): void {
    this.#process?.kill();
  }

  killDispatch(): void {
    this.kill();
  }

  async close(): Promise<void> {
    // Nothing is held: what the charm left running on its machine goes on.
  }

  get #charmDirectory(): string {
    return `/var/lib/juju/agents/${unitTag(this.#options.unit)}/charm`;
  }

  /** The environment of the dispatch; undefined for a command that is not a dispatch of the charm. */
  #environment(context: HookContext): Record<string, string> | undefined {
    const charmDirectory = this.#charmDirectory;
    const environment = hookEnvironment(context, { charmDirectory, socketPath: "", path: "" });
    if (context.operation.kind !== "command") return environment;
    const command = /^JUJU_DISPATCH_PATH=(?<path>\S+) (?<program>.+)$/u.exec(
      context.operation.command.commands,
    );
    const { path = "", program = "" } = command?.groups ?? {};
    const places = ["$CHARM_DIR", "$JUJU_CHARM_DIR", ".", charmDirectory];
    if (!places.some((place) => program.replaceAll(/['"]/gu, "") === `${place}/dispatch`)) return undefined;
    return { ...environment, JUJU_DISPATCH_PATH: path };
  }

  #runTool(context: HookContext, tool: string, args: readonly string[], stdin: string | undefined): ToolEnd {
    const files = filesOn(this.#options.machine.disk, this.#charmDirectory);
    // A tool that wants no standard input does not look at it.
    const result = context.runTool(tool, args, stdin ?? "", files);
    if (result === "needs-stdin") throw new Error(`${tool} was given its input and asked for it again.`);
    return toolEnd(result.code, result.stdout, result.stderr);
  }
}

/** The end of a dispatch. */
export const exit: Intent = { what: "exit", args: [] };

/** What a hook tool says whose agent has lost the controller. */
function connectionLost(): ToolEnd {
  return toolEnd(1, "", "ERROR connection is shut down\n");
}

/** What a hook tool says that is called when its hook is over. */
function contextGone(): ToolEnd {
  return toolEnd(1, "", "ERROR dial unix: connect: no such file or directory\n");
}

function toolEnd(exitCode: number, stdout: string, stderr: string): ToolEnd {
  return { exitCode, signal: undefined, stdout, stderr, said: `exited with code ${exitCode}` };
}

function filesOn(disk: MemoryDisk, directory: string): ToolFiles {
  const reach = <T>(path: string, how: (absolute: string) => T): T => {
    try {
      return how(resolve(directory, path));
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      throw new ToolFailure(1, `open ${path}: ${code === "ENOENT" ? "no such file or directory" : code}`);
    }
  };
  return {
    read: (path) =>
      reach(path, (absolute) => {
        const content = disk.files().get(absolute);
        if (content === undefined) throw new ToolFailure(1, `open ${path}: no such file or directory`);
        return content;
      }),
    write: (path, text) => reach(path, (absolute) => disk.write(absolute, text)),
  };
}
