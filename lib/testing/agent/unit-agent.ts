/**
 * A unit's agent: decides what to do next by comparing what it has done with what the model wants.
 *
 * Purely in memory: whoever runs the charm asks for the next operation, begins it, lets the charm act in its context,
 * and says how it ended.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import { Alarm } from "./alarm.ts";
import type { ModelClock } from "../model-clock.ts";
import { HookContext } from "./hook-context.ts";
import type { Log } from "../log-line.ts";
import { CommitRefused } from "../model/commit-refused.ts";
import type { Model, Unit } from "../model/model.ts";
import {
  operationName,
  operationRelation,
  type ActionTask,
  type CommandRequest,
  type HookInfo,
  type HookRelation,
  type Operation,
  type ProcessEnd,
} from "./operation.ts";
import { RelationState } from "./relation-state.ts";
import { SecretState } from "./secret-state.ts";

/** What an agent needs. */
export interface UnitAgentOptions {
  readonly unit: string;
  readonly model: Model;
  readonly clock: ModelClock;
  readonly log: Log;
  /** Makes 32 random hexadecimal digits. */
  readonly randomHex: () => string;
  /** Whether a leader hears of its own writes to its application's databag in a peer relation. */
  readonly leaderSelfChanged: boolean;
  /** How long to wait before a failed hook runs again; doubled with each failure, up to five minutes. */
  readonly hookRetryDelayMs: number;
  /** Called when a hook may run again or a secret is due, so that somebody asks for the next operation. */
  readonly onRetryDue: () => void;
}

interface FailedHook {
  readonly hook: HookInfo;
  readonly attempts: number;
  isDue: boolean;
  readonly callOff: () => void;
}

const longestRetryDelayMs = 300_000;

/** A unit's agent. */
export class UnitAgent {
  readonly unit: string;
  readonly #options: UnitAgentOptions;
  readonly #model: Model;
  readonly #relations = new Map<number, RelationState>();
  readonly #secrets: SecretState;
  readonly #alarm: Alarm;
  readonly #actions: ActionTask[] = [];
  readonly #commands: CommandRequest[] = [];
  #failed: FailedHook | undefined;
  #knowsItLeads = false;
  #installed = false;
  #startPending = false;
  #started = false;
  #stopped = false;
  #configVersion = 0;
  #updateStatusWanted = false;

  constructor(options: UnitAgentOptions) {
    this.unit = options.unit;
    this.#options = options;
    this.#model = options.model;
    this.#secrets = new SecretState(options.unit, options.model);
    this.#alarm = new Alarm(options.clock, options.onRetryDue);
  }

  /** The hook that failed and has not run well since, if any. */
  get failedHook(): string | undefined {
    return this.#failed?.hook.name;
  }

  addAction(task: ActionTask): void {
    this.#actions.push(task);
  }

  addCommand(command: CommandRequest): void {
    this.#commands.push(command);
  }

  /**
   * The relation that `juju-exec -r` names, as its command will see it; nothing where the unit has no part in it.
   *
   * @param remoteUnit Default: the only member, if there is just one.
   */
  commandRelation(id: number, remoteUnit: string | undefined): HookRelation | undefined {
    const state = this.#relations.get(id);
    if (state === undefined) return undefined;
    const { visibleMembers: members, endpoint, remoteApplication } = state;
    const unit = remoteUnit ?? (members.length === 1 ? members[0] : undefined);
    const about = { id, endpoint, event: "changed", remoteApplication, version: 0 } as const;
    return unit === undefined ? about : { ...about, remoteUnit: unit };
  }

  wantUpdateStatus(): void {
    this.#updateStatusWanted = true;
  }

  /**
   * Ends the wait of a failed hook.
   *
   * @param retry Whether the hook runs again. Otherwise it counts as done without having run.
   * @returns Whether any hook had failed.
   */
  resolve(retry: boolean): boolean {
    const failed = this.#failed;
    if (failed === undefined) return false;
    failed.callOff();
    if (retry) {
      failed.isDue = true;
    } else {
      this.#failed = undefined;
      this.#setAgentStatus("idle", "");
      this.#hookDone(failed.hook);
    }
    return true;
  }

  /**
   * Decides what to do next; nothing where there is nothing to do. Looking lets the unit take part in new relations,
   * and a unit that is removed before it was installed goes at once.
   */
  nextOperation(): Operation | undefined {
    const unit = this.#model.findUnit(this.unit);
    if (unit === undefined) return undefined;
    if (this.#failed !== undefined) {
      return (
        this.#nextRequest() ?? (this.#failed.isDue ? { kind: "hook", hook: this.#failed.hook } : undefined)
      );
    }
    const urgent = this.#nextUrgentHook(unit);
    if (urgent !== undefined) return { kind: "hook", hook: urgent };
    const request = this.#installed ? this.#nextRequest() : undefined;
    if (request !== undefined) return request;
    const hook = unit.life === "dying" ? this.#nextHookOfDying() : this.#nextHook(unit);
    if (hook !== undefined) return { kind: "hook", hook };
    this.#alarm.set(this.#secrets.nextTime());
    return undefined;
  }

  #nextUrgentHook(unit: Unit): HookInfo | undefined {
    if (this.#startPending) return { name: "start" };
    if (!this.#installed || unit.life === "dying") return undefined;
    this.#enterScopes(unit);
    for (const state of this.#relations.values()) {
      if (!state.created && state.relation.life === "alive") return state.createdHook();
    }
    const leads = this.#model.isLeader(this.unit);
    // Nobody tells a unit that it was deposed.
    if (!leads) this.#knowsItLeads = false;
    return leads && !this.#knowsItLeads ? { name: "leader-elected" } : this.#secrets.nextHook();
  }

  #nextRequest(): Operation | undefined {
    const [task] = this.#actions;
    if (task !== undefined) return { kind: "action", task };
    const [command] = this.#commands;
    return command === undefined ? undefined : { kind: "command", command };
  }

  #nextHookOfDying(): HookInfo | undefined {
    if (!this.#installed) {
      this.#die();
      return undefined;
    }
    const relation = this.#nextRelationHook();
    if (relation !== undefined) return relation;
    return this.#started && !this.#stopped ? { name: "stop" } : { name: "remove" };
  }

  #nextHook(unit: Unit): HookInfo | undefined {
    if (!this.#installed) return { name: "install" };
    const { configVersion } = this.#model.application(unit.application);
    if (configVersion !== this.#configVersion) return { name: "config-changed", configVersion };
    const relation = this.#nextRelationHook();
    if (relation !== undefined) return relation;
    return this.#updateStatusWanted ? { name: "update-status" } : undefined;
  }

  #nextRelationHook(): HookInfo | undefined {
    for (const state of this.#relations.values()) {
      const hook = state.nextHook(this.#model);
      if (hook !== undefined) return hook;
      // One that ended before its first hook leaves without a word.
      if (state.relation.life === "dying" && !state.created) this.#leave(state);
    }
    return undefined;
  }

  #enterScopes(unit: Unit): void {
    for (const relation of this.#model.relationsOf(unit.application)) {
      if (this.#relations.has(relation.id) || relation.life === "dying") continue;
      this.#relations.set(relation.id, new RelationState(relation, this.unit));
      this.#model.enterScope(relation, unit);
    }
  }

  #leave(state: RelationState): void {
    this.#relations.delete(state.relation.id);
    this.#model.leaveScope(state.relation, this.unit);
  }

  /** Opens the context in which the charm runs an operation. */
  begin(operation: Operation): HookContext {
    const unit = this.#model.unit(this.unit);
    const name = operation.kind === "command" ? "run-commands" : operationName(operation);
    if (operation.kind === "action") this.#actions.shift();
    if (operation.kind === "command") this.#commands.shift();
    const about = operation.kind === "hook" ? operationRelation(operation) : undefined;
    for (const state of this.#relations.values()) state.prepare(about);
    if (name === "install") unit.workload = this.#model.status("maintenance", "installing charm software");
    if (operation.kind === "hook") this.#setAgentStatus("executing", `running ${name} hook`);
    return new HookContext({
      id: `${this.unit}-${name.replace("actions/", "")}-${this.#options.randomHex()}`,
      unit: this.unit,
      model: this.#model,
      operation,
      relations: [...this.#relations.values()],
      log: this.#options.log,
    });
  }

  /** Takes note of how an operation ended: its writes are handed over or dropped. */
  finish(context: HookContext, end: ProcessEnd): void {
    const { operation } = context;
    switch (operation.kind) {
      case "hook":
        this.#finishHook(operation.hook, context, end);
        return;
      case "action": {
        const committed = end.exitCode === 0 && this.#flush(context) === undefined;
        const result = context.actionResult(end, committed);
        if (result !== undefined) operation.task.finished(result);
        return;
      }
      case "command": {
        // A command's exit code does not matter here: Juju hands over its writes all the same.
        const refused = this.#flush(context);
        const stderr = refused === undefined ? end.stderr : `${end.stderr}ERROR ${refused}\n`;
        operation.command.finished({ ...end, stderr, exitCode: refused === undefined ? end.exitCode : 1 });
      }
    }
  }

  /** Ends what waits, because the agent acts no more. */
  abandon(): void {
    this.#failed?.callOff();
    this.#alarm.set(undefined);
    for (const task of this.#actions.splice(0)) {
      task.finished({ status: "aborted", results: {}, message: "the unit is gone", log: [...task.log] });
    }
    for (const command of this.#commands.splice(0)) {
      command.finished({ exitCode: 1, stdout: "", stderr: "ERROR the unit is gone\n" });
    }
  }

  #finishHook(hook: HookInfo, context: HookContext, end: ProcessEnd): void {
    const refused = end.exitCode === 0 ? this.#flush(context) : `exit status ${end.exitCode}`;
    if (refused !== undefined) {
      this.#hookFailed(hook, refused);
      return;
    }
    this.#failed?.callOff();
    this.#failed = undefined;
    this.#setAgentStatus("idle", "");
    this.#hookDone(hook);
  }

  #flush(context: HookContext): string | undefined {
    try {
      const before = this.#ownVersions();
      context.flush();
      if (!this.#options.leaderSelfChanged) this.#overlookOwnWrites(before);
      return undefined;
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      this.#logLine("ERROR", error.message);
      return error.message;
    }
  }

  #ownVersions(): ReadonlyMap<RelationState, number> {
    const peers = [...this.#relations.values()].filter(({ relation }) => relation.isPeer);
    return new Map(peers.map((state) => [state, state.relation.bag(state.remoteApplication).version]));
  }

  #overlookOwnWrites(before: ReadonlyMap<RelationState, number>): void {
    for (const [state, version] of before) {
      const now = state.relation.bag(state.remoteApplication).version;
      if (now !== version) state.sawApplication(now);
    }
  }

  #hookFailed(hook: HookInfo, why: string): void {
    this.#failed?.callOff();
    const attempts = (this.#failed?.attempts ?? 0) + 1;
    const delay = Math.min(this.#options.hookRetryDelayMs * 2 ** (attempts - 1), longestRetryDelayMs);
    const failed: FailedHook = {
      hook,
      attempts,
      isDue: false,
      callOff: this.#options.clock.schedule(delay, () => {
        failed.isDue = true;
        this.#options.onRetryDue();
      }),
    };
    this.#failed = failed;
    this.#setAgentStatus("error", `hook failed: ${JSON.stringify(hook.name)}`);
    this.#logLine("ERROR", `hook ${JSON.stringify(hook.name)} failed: ${why}`);
  }

  #hookDone(hook: HookInfo): void {
    if (hook.relation !== undefined) {
      const state = this.#relations.get(hook.relation.id);
      state?.committed(hook.relation);
      if (state !== undefined && hook.relation.event === "broken") this.#leave(state);
      return;
    }
    if (hook.secret !== undefined) {
      this.#secrets.committed(hook.secret);
      return;
    }
    const unit = this.#model.unit(this.unit);
    switch (hook.name) {
      case "install":
        this.#installed = true;
        break;
      case "leader-elected":
        this.#knowsItLeads = true;
        break;
      case "config-changed":
        this.#configVersion = hook.configVersion ?? 0;
        this.#startPending = !this.#started;
        break;
      case "start":
        this.#startPending = false;
        this.#started = true;
        // A charm that has set no status by now is one whose state nobody knows.
        if (unit.workload.message === "installing charm software")
          unit.workload = this.#model.status("unknown", "");
        break;
      case "update-status":
        this.#updateStatusWanted = false;
        break;
      case "stop":
        this.#stopped = true;
        break;
      case "remove":
        this.#die();
        break;
    }
  }

  #die(): void {
    this.#relations.clear();
    this.#model.unitIsDead(this.unit);
  }

  #setAgentStatus(name: string, message: string): void {
    this.#model.unit(this.unit).agent = this.#model.status(name, message);
  }

  #logLine(level: "ERROR", message: string): void {
    this.#options.log({ unit: this.unit, level, module: "juju.worker.uniter.operation", message });
  }
}
