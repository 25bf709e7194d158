/**
 * A unit's agent at work: runs its operations one after the other.
 *
 * It sleeps until it is woken, and then works until there is nothing left to do.
 *
 * @module
 */
import type { CharmRunner } from "./charm-runner.ts";
import type { HookContext } from "./hook-context.ts";
import { operationName, operationRelation, type Operation, type ProcessEnd } from "./operation.ts";
import { UnitAgent, type UnitAgentOptions } from "./unit-agent.ts";

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

/** What an agent needs to be at work. */
export interface AgentLoopOptions extends Omit<UnitAgentOptions, "onRetryDue"> {
  readonly onRun: (run: HookRun) => void;
  /** Called when there is nothing left to do. */
  readonly onIdle: () => void;
  /** Called when the simulation itself is at fault. */
  readonly onFault: (error: unknown) => void;
}

/** An agent at work. */
export class AgentLoop {
  readonly agent: UnitAgent;
  readonly #options: AgentLoopOptions;
  #runner: CharmRunner | undefined;
  #context: HookContext | undefined;
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: AgentLoopOptions) {
    this.#options = options;
    this.agent = new UnitAgent({ ...options, onRetryDue: () => this.wake() });
  }

  /** Begins to act. */
  start(runner: CharmRunner): void {
    this.#runner = runner;
    this.wake();
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
    if (this.#runner === undefined || this.#isStopped || this.#work !== undefined) return;
    this.#work = this.#workUntilIdle(this.#runner);
  }

  /**
   * Runs a command in a context of the unit, when its turn has come (`juju-exec`).
   *
   * @param relationId The relation that it is about: `3` or `database-backup:3`.
   * @param remoteUnit Default: the only member of that relation, if there is just one.
   */
  async exec(commands: string, relationId?: string, remoteUnit?: string): Promise<ProcessEnd> {
    const id = relationId === undefined ? undefined : relationId.slice(relationId.lastIndexOf(":") + 1);
    const relation = id === undefined ? undefined : this.agent.commandRelation(Number(id), remoteUnit);
    if (id !== undefined && relation === undefined) {
      return { exitCode: 1, stdout: "", stderr: "ERROR relation not found\n" };
    }
    return await new Promise((finished) => {
      this.agent.addCommand({ commands, finished, ...(relation === undefined ? {} : { relation }) });
      this.wake();
    });
  }

  /** Kills what runs, and ends what waits. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#runner?.kill();
    await this.#work;
    this.agent.abandon();
    await this.#runner?.close();
  }

  async #workUntilIdle(runner: CharmRunner): Promise<void> {
    // Whoever wakes the agent finishes first what it is about: it may be in the middle of a change to the model.
    await Promise.resolve();
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        await this.#execute(runner, next);
      }
    } catch (error) {
      this.#options.onFault(error);
    }
    this.#work = undefined;
    this.#options.onIdle();
  }

  #next(): Operation | undefined {
    return this.#isStopped ? undefined : this.agent.nextOperation();
  }

  async #execute(runner: CharmRunner, operation: Operation): Promise<void> {
    const context = this.agent.begin(operation);
    this.#context = context;
    let end: ProcessEnd;
    try {
      end = await runner.run(context);
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
