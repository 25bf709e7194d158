/**
 * A unit's agent at work: runs its operations one after the other as processes, and serves their hook tools.
 *
 * It sleeps until it is woken, and then works until there is nothing left to do.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { errnoOf } from "../../process/errno.ts";
import { AgentServer } from "./agent-server.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { HookContext } from "../agent/hook-context.ts";
import { hookEnvironment, type HookPlaces } from "../agent/hook-environment.ts";
import { ToolFailure } from "../hook-tools/hook-tool.ts";
import type { ToolFiles } from "../hook-tools/run-hook-tool.ts";
import { operationName, operationRelation, type Operation, type ProcessEnd } from "../agent/operation.ts";
import { UnitAgent, type UnitAgentOptions } from "../agent/unit-agent.ts";

/** One hook, action or command that has run. */
export interface HookRun {
  readonly unit: string;
  /** For example `config-changed`, `actions/create-backup` or `juju-exec`. */
  readonly operation: string;
  /** 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  /** The id of the relation that it was about, if any. */
  readonly relationId?: number;
  readonly remoteApplication?: string;
  readonly remoteUnit?: string;
  readonly departingUnit?: string;
}

/** What an agent needs to act on this machine. */
export interface AgentProcessOptions extends Omit<UnitAgentOptions, "onRetryDue"> {
  readonly places: HookPlaces;
  readonly onRun: (run: HookRun) => void;
  /** Called when there is nothing left to do. */
  readonly onIdle: () => void;
  /** Called when the simulation itself is at fault. */
  readonly onFault: (error: unknown) => void;
}

/** An agent at work. */
export class AgentProcess {
  readonly agent: UnitAgent;
  readonly #options: AgentProcessOptions;
  readonly #dispatcher = new Dispatcher();
  #server: AgentServer | undefined;
  #context: HookContext | undefined;
  #work: Promise<void> | undefined;
  #isStopped = false;

  private constructor(options: AgentProcessOptions) {
    this.#options = options;
    this.agent = new UnitAgent({ ...options, onRetryDue: () => this.wake() });
  }

  /** Starts an agent, which begins to act when it is woken. */
  static async start(options: AgentProcessOptions): Promise<AgentProcess> {
    const started = new AgentProcess(options);
    started.#server = await AgentServer.listen(options.places.socketPath, (request) =>
      started.#answer(request),
    );
    return started;
  }

  get socketPath(): string {
    return this.#options.places.socketPath;
  }

  /** Whether it works or is about to. */
  get isBusy(): boolean {
    return this.#work !== undefined;
  }

  /** What it does right now, for people. */
  get doing(): string {
    return this.#context === undefined ? "between two operations" : operationName(this.#context.operation);
  }

  /** Makes it look for something to do. */
  wake(): void {
    if (this.#isStopped || this.#work !== undefined) return;
    this.#work = this.#workUntilIdle();
  }

  /** Kills what runs, ends what waits, and closes the socket. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#dispatcher.kill();
    await this.#work;
    this.agent.abandon();
    await this.#server?.close();
  }

  async #workUntilIdle(): Promise<void> {
    // Whoever wakes the agent finishes first what it is about: it may be in the middle of a change to the model.
    await Promise.resolve();
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#execute(next);
    } catch (error) {
      this.#options.onFault(error);
    }
    this.#work = undefined;
    this.#options.onIdle();
  }

  #next(): Operation | undefined {
    return this.#isStopped ? undefined : this.agent.nextOperation();
  }

  async #execute(operation: Operation): Promise<void> {
    const context = this.agent.begin(operation);
    this.#context = context;
    let end: ProcessEnd;
    try {
      end = await this.#runProcess(context);
    } finally {
      this.#context = undefined;
    }
    if (this.#isStopped) {
      abort(operation);
      return;
    }
    this.#options.onRun(describeRun(this.agent.unit, operation, end));
    try {
      this.agent.finish(context, end);
    } catch (error) {
      abort(operation);
      throw error;
    }
  }

  async #runProcess(context: HookContext): Promise<ProcessEnd> {
    const { places, log } = this.#options;
    const { operation, unit } = context;
    const module = `unit.${unit}.${operationName(operation)}`;
    const shared = { cwd: places.charmDirectory, env: hookEnvironment(context, places) };
    if (operation.kind === "command") {
      return this.#dispatcher.run({
        ...shared,
        argv: ["/bin/bash", "-s"],
        stdin: operation.command.commands,
        onStdoutLine: ignore,
        onStderrLine: ignore,
      });
    }
    return this.#dispatcher.run({
      ...shared,
      argv: ["./dispatch"],
      onStdoutLine: (message) => log({ unit, level: "DEBUG", module, message }),
      onStderrLine: (message) => log({ unit, level: "WARNING", module, message }),
    });
  }

  async #answer(request: readonly string[]): Promise<readonly string[]> {
    const [kind, ...fields] = request;
    if (kind === "hook-tool") return this.#runTool(fields);
    return kind === "juju-exec" ? this.#runCommand(fields) : refusal("bad request");
  }

  #runTool(fields: readonly string[]): readonly string[] {
    const [contextId = "", directory = "/", name = "", given, stdin, ...args] = fields;
    const context = this.#context;
    if (context === undefined)
      return refusal(`dial unix ${this.socketPath}: connect: no such file or directory`);
    if (context.id !== contextId) {
      return refusal(
        `bad request: expected context id ${JSON.stringify(context.id)}, got ${JSON.stringify(contextId)}`,
      );
    }
    const result = context.runTool(name, args, given === "1" ? stdin : undefined, filesIn(directory));
    return result === "needs-stdin" ? ["stdin", "", ""] : [String(result.code), result.stdout, result.stderr];
  }

  async #runCommand(fields: readonly string[]): Promise<readonly string[]> {
    const [unit, relationId = "", remoteUnit = "", commands = ""] = fields;
    if (unit !== this.agent.unit) return refusal("bad request");
    const id = relationId.slice(relationId.lastIndexOf(":") + 1);
    const relation =
      id === ""
        ? undefined
        : this.agent.commandRelation(Number(id), remoteUnit === "" ? undefined : remoteUnit);
    if (id !== "" && relation === undefined) return refusal("relation not found");
    const end = await new Promise<ProcessEnd>((finished) => {
      this.agent.addCommand({ commands, finished, ...(relation === undefined ? {} : { relation }) });
      this.wake();
    });
    return [String(end.exitCode), end.stdout, end.stderr];
  }
}

/** What a command prints goes to the caller of `juju-exec`, not to the log. */
function ignore(): void {
  return undefined;
}

function refusal(message: string): readonly string[] {
  return ["1", "", `ERROR ${message}\n`];
}

function abort(operation: Operation): void {
  if (operation.kind === "action") {
    const { task } = operation;
    task.finished({ status: "aborted", results: {}, message: "the model was stopped", log: [...task.log] });
  } else if (operation.kind === "command") {
    operation.command.finished({ exitCode: 1, stdout: "", stderr: "ERROR the model was stopped\n" });
  }
}

function describeRun(unit: string, operation: Operation, { exitCode }: ProcessEnd): HookRun {
  const relation = operationRelation(operation);
  const run = { unit, operation: operationName(operation), exitCode };
  if (relation === undefined) return run;
  const { id, remoteApplication, remoteUnit, departingUnit } = relation;
  return {
    ...run,
    relationId: id,
    remoteApplication,
    ...(remoteUnit === undefined ? {} : { remoteUnit }),
    ...(departingUnit === undefined ? {} : { departingUnit }),
  };
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
