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
import { HookRetry } from "./hook-retry.ts";
import type { Log } from "../log-line.ts";
import { CommitRefused } from "../model/commit-refused.ts";
import type { Model, Unit } from "../model/model.ts";
import type { Relation } from "../model/relation.ts";
import {
  operationName,
  operationRelation,
  type HookInfo,
  type Operation,
  type ProcessEnd,
} from "./operation.ts";
import { commandLost, RequestQueue } from "./request-queue.ts";
import { RelationState } from "./relation-state.ts";
import { SecretState } from "./secret-state.ts";
import { UnitHistory } from "./unit-history.ts";

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
  /** Whether a failed hook runs again by itself. */
  readonly retryHooks: boolean;
  /** Whether a relation id is refused that names another endpoint than the relation's own. */
  readonly checkRelationEndpoint: boolean;
  /** Called when a hook may run again or a secret is due, so that somebody asks for the next operation. */
  readonly onRetryDue: () => void;
}

const installing = "installing charm software";

/** A unit's agent. */
export class UnitAgent {
  readonly unit: string;
  readonly #options: UnitAgentOptions;
  readonly #model: Model;
  readonly #relations = new Map<number, RelationState>();
  readonly #secrets: SecretState;
  readonly #alarm: Alarm;
  /** What it was asked to run and has not yet begun. */
  readonly requests: RequestQueue = new RequestQueue();
  readonly #history = new UnitHistory();
  readonly #retry: HookRetry;
  #updateStatusWanted = false;
  #isDead = false;

  constructor(options: UnitAgentOptions) {
    this.unit = options.unit;
    this.#options = options;
    this.#model = options.model;
    this.#secrets = new SecretState(options.unit, options.model);
    this.#alarm = new Alarm(options.clock, options.onRetryDue, `${options.unit} looks at its secrets`);
    this.#retry = new HookRetry({
      clock: options.clock,
      firstDelayMs: options.hookRetryDelayMs,
      isAutomatic: options.retryHooks,
      onDue: options.onRetryDue,
      what: `${options.unit} retries its hook`,
    });
  }

  /** The hook that failed and has not run well since, if any. */
  get failedHook(): string | undefined {
    return this.#retry.hook?.name;
  }

  /** Whether the unit is no more. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** The relation that `juju-exec -r` names, if the unit takes part in it. */
  relation(id: number): RelationState | undefined {
    return this.#relations.get(id);
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
    const { hook } = this.#retry;
    if (hook === undefined) return false;
    if (retry) {
      this.#retry.hurry();
    } else {
      this.#retry.clear();
      this.#setAgentStatus("idle", "");
      this.#hookDone(hook);
    }
    return true;
  }

  /**
   * Decides what to do next; nothing where there is nothing to do. Looking lets the unit take part in new relations,
   * and a unit that is removed before it was installed goes at once.
   */
  nextOperation(): Operation | undefined {
    const unit = this.#model.findUnit(this.unit);
    if (unit === undefined || this.#isDead) return undefined;
    const { hook: failed, isDue } = this.#retry;
    if (failed !== undefined) {
      return this.requests.next() ?? (isDue ? { kind: "hook", hook: failed } : undefined);
    }
    const urgent = this.#nextUrgentHook(unit);
    if (urgent !== undefined) return { kind: "hook", hook: urgent };
    const request = this.#history.isInstalled ? this.requests.next() : undefined;
    if (request !== undefined) return request;
    const hook = unit.life === "dying" ? this.#nextHookOfDying() : this.#nextHook(unit);
    if (hook !== undefined) return { kind: "hook", hook };
    this.#alarm.set(this.#secrets.nextTime());
    return undefined;
  }

  /**
   * Whether the agent would take note of something when it looks for its next operation: a relation to take part in or
   * to leave, leadership that it has lost, its own removal. Where there is nothing, {@link nextOperation} changes nothing.
   */
  get hasNews(): boolean {
    const unit = this.#model.findUnit(this.unit);
    if (unit === undefined || this.#isDead || this.#retry.hook !== undefined) return false;
    if (this.#history.startPending) return false;
    if (!this.#history.isInstalled) return unit.life === "dying";
    if (this.#endedEarly().length > 0) return true;
    if (unit.life === "dying") return false;
    return (
      this.#newRelations(unit).length > 0 || (this.#history.knowsItLeads && !this.#model.isLeader(this.unit))
    );
  }

  /** Takes note of what {@link hasNews} tells of. */
  takeNote(): void {
    if (!this.hasNews) return;
    if (!this.#history.isInstalled) {
      this.#die();
      return;
    }
    for (const state of this.#endedEarly()) this.#leave(state);
    const unit = this.#model.unit(this.unit);
    if (unit.life === "dying") return;
    this.#enterScopes(unit);
    if (!this.#model.isLeader(this.unit)) this.#history.knowsItLeads = false;
  }

  #nextUrgentHook(unit: Unit): HookInfo | undefined {
    if (this.#history.startPending) return { name: "start" };
    if (!this.#history.isInstalled || unit.life === "dying") return undefined;
    this.#enterScopes(unit);
    for (const state of this.#relations.values()) {
      if (!state.created && state.relation.life === "alive") return state.createdHook();
    }
    const leads = this.#model.isLeader(this.unit);
    // Nobody tells a unit that it was deposed.
    if (!leads) this.#history.knowsItLeads = false;
    return leads && !this.#history.knowsItLeads ? { name: "leader-elected" } : this.#secrets.nextHook();
  }

  #nextHookOfDying(): HookInfo | undefined {
    if (!this.#history.isInstalled) {
      this.#die();
      return undefined;
    }
    return this.#nextRelationHook() ?? this.#history.lastHook();
  }

  #nextHook(unit: Unit): HookInfo | undefined {
    const { charmVersion, configVersion } = this.#model.application(unit.application);
    return (
      this.#history.nextHook(charmVersion, configVersion) ??
      this.#nextRelationHook() ??
      (this.#updateStatusWanted ? { name: "update-status" } : undefined)
    );
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

  /** The relations that ended before their first hook. */
  #endedEarly(): readonly RelationState[] {
    return [...this.#relations.values()].filter(
      ({ relation, created }) => relation.life === "dying" && !created,
    );
  }

  #enterScopes(unit: Unit): void {
    for (const relation of this.#newRelations(unit)) {
      this.#relations.set(relation.id, new RelationState(relation, this.unit));
      this.#model.enterScope(relation, unit);
    }
  }

  #newRelations(unit: Unit): readonly Relation[] {
    return this.#model
      .relationsOf(unit.application)
      .filter(({ id, life }) => life === "alive" && !this.#relations.has(id));
  }

  #leave(state: RelationState): void {
    this.#relations.delete(state.relation.id);
    this.#model.leaveScope(state.relation, this.unit);
  }

  /** Opens the context in which the charm runs an operation. */
  begin(operation: Operation): HookContext {
    const unit = this.#model.unit(this.unit);
    const name = operation.kind === "command" ? "run-commands" : operationName(operation);
    this.requests.begun(operation);
    const about = operation.kind === "hook" ? operationRelation(operation) : undefined;
    for (const state of this.#relations.values()) state.prepare(about);
    if (name === "install") unit.workload = this.#model.status("maintenance", installing);
    if (operation.kind === "hook") this.#setAgentStatus("executing", `running ${name} hook`);
    return new HookContext({
      id: `${this.unit}-${name.replace("actions/", "")}-${this.#options.randomHex()}`,
      unit: this.unit,
      model: this.#model,
      operation,
      relations: [...this.#relations.values()],
      checksEndpoints: this.#options.checkRelationEndpoint,
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

  /**
   * Hands over what a hook wrote, without taking note that it has run: what an agent leaves behind that is killed at the
   * wrong moment.
   */
  finishUnrecorded(context: HookContext, end: ProcessEnd): void {
    if (end.exitCode === 0) this.#flush(context);
    this.interrupted(context.operation);
  }

  /** Takes note that the agent was killed in the middle of an operation: a hook runs again, all else has failed. */
  interrupted(operation: Operation): void {
    switch (operation.kind) {
      case "hook":
        this.#hookFailed(operation.hook, "the agent was killed");
        return;
      case "action": {
        const { task } = operation;
        const message = "unit agent was interrupted";
        task.finished({ status: "failed", results: {}, message, log: [...task.log] });
        return;
      }
      case "command":
        operation.command.finished(commandLost);
    }
  }

  /** Forgets what an agent does not remember that is started anew: what it has read, and the commands that wait. */
  restart(): void {
    for (const state of this.#relations.values()) state.forgetReadings();
    this.requests.loseCommands();
    this.#retry.restart();
  }

  /** Ends what waits, because the agent acts no more. */
  abandon(): void {
    this.#retry.clear();
    this.#alarm.set(undefined);
    this.requests.abandon();
  }

  #finishHook(hook: HookInfo, context: HookContext, end: ProcessEnd): void {
    const refused = end.exitCode === 0 ? this.#flush(context) : `exit status ${end.exitCode}`;
    if (refused !== undefined) {
      this.#hookFailed(hook, refused);
      return;
    }
    this.#retry.clear();
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
    this.#retry.failed(hook);
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
    this.#history.committed(hook);
    if (hook.name === "start") this.#admitUnknownStatus();
    if (hook.name === "update-status") this.#updateStatusWanted = false;
    if (hook.name === "remove") this.#die();
  }

  /** A charm that has set no status by the end of its start is one whose state nobody knows. */
  #admitUnknownStatus(): void {
    const unit = this.#model.unit(this.unit);
    if (unit.workload.message !== installing) return;
    unit.workload = this.#model.status("unknown", "");
  }

  #die(): void {
    this.#isDead = true;
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
