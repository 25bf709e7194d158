/**
 * A unit's agent at work: runs its operations one after the other.
 *
 * It sleeps until it is woken, and then works until there is nothing left to do.
 *
 * @module
 */
import type { CharmRunner } from "./charm-runner.ts";
import { commandRelation, type CommandAbout } from "./command-relation.ts";
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

/**
 * How a hook fails without its charm's doing: its charm is not run at all (`unrun`), or is run and killed at the very end,
 * so that what it wrote is dropped (`dropped`).
 */
export type HookFault = "unrun" | "dropped";

/** What an agent needs to be at work. */
export interface AgentLoopOptions extends Omit<UnitAgentOptions, "onRetryDue"> {
  readonly onRun: (run: HookRun) => void;
  /** Asked before each hook how it is to fail, if at all. */
  readonly failHook: (unit: string, hook: string) => HookFault | undefined;
  /** Called when there is nothing left to do. */
  readonly onIdle: () => void;
  /** Called when the simulation itself is at fault. */
  readonly onFault: (error: unknown) => void;
  /** Whether it begins an operation only when it is told to, see {@link AgentLoop.begin}. */
  readonly isStepped: boolean;
}

/** An agent at work. */
export class AgentLoop {
  readonly agent: UnitAgent;
  readonly #options: AgentLoopOptions;
  #runner: CharmRunner | undefined;
  #context: HookContext | undefined;
  #work: Promise<void> | undefined;
  #isStopped = false;
  #isHeld = false;
  /** What it found when it last looked; nothing else could have changed since. */
  #outlook: { readonly next: "notice" | Operation | undefined } | undefined;
  /** When the agent is to be killed in the operation under way. */
  #restart: "now" | "unrecorded" | undefined;

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
    this.#outlook = undefined;
    if (!this.#options.isStepped) this.begin();
  }

  /** What it would do next, where it works step by step; nothing while it has something under way. */
  get outlook(): "notice" | Operation | undefined {
    if (this.#work !== undefined) return undefined;
    this.#outlook ??= { next: !this.#isHeld && this.agent.hasNews ? "notice" : this.#next() };
    return this.#outlook.next;
  }

  /** Begins the next operation, if there is one and it has nothing under way. */
  begin(): void {
    if (this.#runner === undefined || this.#isStopped || this.#work !== undefined) return;
    this.#work = this.#workUntilIdle(this.#runner);
  }

  /** Takes note of what causes no hook by itself. */
  takeNote(): void {
    this.agent.takeNote();
    this.#outlook = undefined;
    if (this.agent.isDead) this.#options.onIdle();
  }

  /** The operation under way. */
  get operation(): Operation | undefined {
    return this.#context?.operation;
  }

  /** Lets the agent be killed when the operation under way has ended: before its writes are handed over, or after. */
  killAtEnd(when: "now" | "unrecorded"): void {
    this.#restart = when;
  }

  /** Lets it begin nothing from now on, as on a machine that hangs or is cut off; or lets it go on. */
  hold(held: boolean): void {
    this.#isHeld = held;
    this.#outlook = undefined;
    if (!held) this.wake();
  }

  /** Lets the unit run `update-status` when it has nothing else to do. */
  wantUpdateStatus(): void {
    this.agent.wantUpdateStatus();
    this.wake();
  }

  /** Runs a command in a context of the unit, when its turn has come (`juju-exec`). */
  async exec(commands: string, about: CommandAbout = {}): Promise<ProcessEnd> {
    const found = commandRelation(about, (id) => this.agent.relation(id));
    if ("refusal" in found) return { exitCode: 1, stdout: "", stderr: `ERROR ${found.refusal}\n` };
    const { relation } = found;
    return await new Promise((finished) => {
      this.agent.requests.addCommand({ commands, finished, ...(relation === undefined ? {} : { relation }) });
      this.wake();
    });
  }

  /**
   * Kills the agent with what it runs, and starts it anew.
   *
   * @param when `unrecorded` lets the hook that runs end and hand over its writes, and kills the agent before it takes
   * note of that.
   * @returns Whether there was such a hook. To be killed now, an agent need not run anything.
   */
  async restart(when: "now" | "unrecorded"): Promise<boolean> {
    const operation = this.#context?.operation;
    if (when === "unrecorded") {
      if (operation?.kind !== "hook") return false;
      this.#restart = when;
      return true;
    }
    if (operation === undefined) {
      this.agent.restart();
    } else {
      this.#restart = when;
      this.#runner?.kill();
    }
    this.wake();
    return true;
  }

  /**
   * Calls off an action: one that waits never runs, and of one that runs the dispatch is killed.
   *
   * @returns Whether it was there.
   */
  cancelAction(id: string): boolean {
    if (this.agent.requests.cancelAction(id)) {
      this.#outlook = undefined;
      return true;
    }
    const operation = this.#context?.operation;
    if (operation?.kind !== "action" || operation.task.id !== id) return false;
    operation.task.isCancelled = true;
    this.#runner?.killDispatch();
    return true;
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
        if (this.#options.isStepped) break;
      }
    } catch (error) {
      this.#options.onFault(error);
    }
    this.#work = undefined;
    this.#outlook = undefined;
    this.#options.onIdle();
  }

  #next(): Operation | undefined {
    return this.#isStopped || this.#isHeld ? undefined : this.agent.nextOperation();
  }

  async #execute(runner: CharmRunner, operation: Operation): Promise<void> {
    const context = this.agent.begin(operation);
    this.#context = context;
    let end: ProcessEnd;
    try {
      end = await this.#run(runner, context);
    } finally {
      this.#context = undefined;
    }
    if (this.#isStopped) {
      abort(operation);
      return;
    }
    this.#options.onRun(describeRun(this.agent.unit, operation, end));
    try {
      this.#finish(context, end);
    } catch (error) {
      abort(operation);
      throw error;
    }
  }

  async #run(runner: CharmRunner, context: HookContext): Promise<ProcessEnd> {
    const { operation } = context;
    const fault =
      operation.kind === "hook"
        ? this.#options.failHook(this.agent.unit, operationName(operation))
        : undefined;
    if (fault === undefined) return await runner.run(context);
    if (fault === "dropped") await runner.run(context);
    return killed;
  }

  #finish(context: HookContext, end: ProcessEnd): void {
    const restart = this.#restart;
    this.#restart = undefined;
    if (restart === undefined) {
      this.agent.finish(context, end);
      return;
    }
    if (restart === "now") this.agent.interrupted(context.operation);
    else this.agent.finishUnrecorded(context, end);
    this.agent.restart();
  }
}

const killed: ProcessEnd = { exitCode: 137, stdout: "", stderr: "" };

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
