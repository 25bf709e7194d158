/**
 * One hook, action or command as a transaction: what it writes is kept back, and taken over as a whole at its end.
 *
 * Purely in memory: it knows neither processes nor sockets.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import { ActionData } from "./action-data.ts";
import type { ConfigValue } from "../model/charm-metadata.ts";
import type { ToolAction, ToolContext, ToolRelation, ToolResult } from "../hook-tools/hook-tool.ts";
import { runHookTool, type ToolFiles } from "../hook-tools/run-hook-tool.ts";
import type { Log, LogLine } from "../log-line.ts";
import type { Model, Status } from "../model/model.ts";
import { operationRelation, type Operation, type ProcessEnd, type ActionResult } from "./operation.ts";
import type { RelationState } from "./relation-state.ts";
import { SecretsBuffer } from "./secrets-buffer.ts";
import { SettingsBuffer } from "./settings-buffer.ts";
import { applicationOf } from "../model/unit-name.ts";

/** What a context needs to know. */
export interface HookContextOptions {
  /** The id that the charm's hook tools must show. */
  readonly id: string;
  readonly unit: string;
  readonly model: Model;
  readonly operation: Operation;
  readonly relations: readonly RelationState[];
  /** Whether a relation id is refused that names another endpoint than the relation's own. */
  readonly checksEndpoints: boolean;
  readonly log: Log;
}

/** One hook context. */
export class HookContext implements ToolContext {
  readonly id: string;
  readonly unit: string;
  readonly application: string;
  readonly model: Model;
  readonly operation: Operation;
  readonly relations: readonly ContextRelation[];
  readonly checksEndpoints: boolean;
  readonly hookRelation: ToolRelation | undefined;
  readonly remoteUnit: string | undefined;
  readonly remoteApplication: string | undefined;
  readonly action: ToolAction | undefined;
  readonly secrets: SecretsBuffer;
  readonly state: Map<string, string>;
  readonly #log: Log;
  readonly #action: ActionData | undefined;
  #config: Readonly<Record<string, ConfigValue>> | undefined;
  #isMinion = false;
  #stateChanged = false;

  constructor(options: HookContextOptions) {
    const { operation, model } = options;
    this.id = options.id;
    this.unit = options.unit;
    this.application = applicationOf(options.unit);
    this.model = model;
    this.operation = operation;
    this.relations = options.relations.map((state) => new ContextRelation(state, options.unit));
    this.checksEndpoints = options.checksEndpoints;
    const about = operationRelation(operation);
    this.hookRelation = this.relations.find((relation) => relation.id === about?.id);
    this.remoteUnit = about?.remoteUnit;
    this.remoteApplication = about?.remoteApplication;
    this.#action = operation.kind === "action" ? new ActionData(operation.task) : undefined;
    this.action = this.#action;
    this.secrets = new SecretsBuffer(model, options.unit, () => this.isLeader());
    this.state = new Map(Object.entries(model.unit(options.unit).state));
    this.#log = options.log;
  }

  /**
   * Runs one of Juju's hook tools in this context.
   *
   * @param stdin Standard input; leave it out at first, and call again with it on `"needs-stdin"`.
   * @param files The files that `--file` and `--output` can name. Default: none.
   */
  runTool(
    name: string,
    args: readonly string[],
    stdin?: string,
    files?: ToolFiles,
  ): ToolResult | "needs-stdin" {
    return runHookTool(this, { name, args, stdin, files });
  }

  isLeader(): boolean {
    if (!this.model.isLeader(this.unit)) this.#isMinion = true;
    return !this.#isMinion;
  }

  config(): Readonly<Record<string, ConfigValue>> {
    this.#config ??= this.model.effectiveConfig(this.application);
    return this.#config;
  }

  stateChanged(): void {
    this.#stateChanged = true;
  }

  setUnitStatus(status: Status): void {
    this.model.unit(this.unit).workload = status;
  }

  log(level: LogLine["level"], message: string): void {
    this.#log({ unit: this.unit, level, module: `unit.${this.unit}.juju-log`, message });
  }

  /**
   * Hands over to the model what was kept back.
   *
   * @throws CommitRefused where the unit wrote as the leader and leads no longer, or a secret cannot be changed so.
   * Then nothing is handed over; in Juju up to 3.6, nothing but secrets.
   */
  flush(): void {
    this.model.commit(this.unit, {
      databags: this.relations.flatMap((relation) => relation.writes()),
      state: this.#stateChanged ? Object.fromEntries(this.state) : undefined,
      secrets: this.secrets.changes(),
    });
  }

  /** How the action of this context ended; nothing where there is none. */
  actionResult(end: ProcessEnd, committed: boolean): ActionResult | undefined {
    return this.#action?.result(end, committed);
  }
}

class ContextRelation implements ToolRelation {
  readonly id: number;
  readonly endpoint: string;
  readonly remoteApplication: string;
  readonly isPeer: boolean;
  readonly otherModelUuid: string | undefined;
  readonly key: string;
  readonly #state: RelationState;
  readonly #unit: string;
  readonly #read = new Map<string, Readonly<Record<string, string>>>();
  #unitSettings: SettingsBuffer | undefined;
  #applicationSettings: SettingsBuffer | undefined;

  constructor(state: RelationState, unit: string) {
    this.id = state.relation.id;
    this.endpoint = state.endpoint;
    this.remoteApplication = state.remoteApplication;
    this.isPeer = state.relation.isPeer;
    this.otherModelUuid = state.relation.crossModel?.otherUuid;
    this.key = state.relation.key;
    this.#state = state;
    this.#unit = unit;
  }

  get members(): readonly string[] {
    return this.#state.visibleMembers;
  }

  unitSettings(): SettingsBuffer {
    this.#unitSettings ??= new SettingsBuffer(this.#state.relation.bag(this.#unit).map);
    return this.#unitSettings;
  }

  applicationSettings(): SettingsBuffer {
    this.#applicationSettings ??= new SettingsBuffer(this.#state.relation.bag(applicationOf(this.#unit)).map);
    return this.#applicationSettings;
  }

  readUnit(unit: string): Readonly<Record<string, string>> | undefined {
    const cached = this.#state.readMember(unit);
    if (cached !== undefined) return cached;
    return this.#state.relation.bag(unit).version === 0 ? undefined : this.#readOnce(unit);
  }

  readApplication(application: string): Readonly<Record<string, string>> {
    return this.#readOnce(application);
  }

  writes(): { relation: RelationState["relation"]; owner: string; settings: Record<string, string> }[] {
    const { relation } = this.#state;
    const writes = [];
    if (this.#unitSettings?.isDirty === true) {
      writes.push({ relation, owner: this.#unit, settings: this.#unitSettings.final() });
    }
    if (this.#applicationSettings?.isDirty === true) {
      const owner = applicationOf(this.#unit);
      writes.push({ relation, owner, settings: this.#applicationSettings.final() });
    }
    return writes;
  }

  /** What is not in the cache of members is read once in a hook, and fresh in the next. */
  #readOnce(owner: string): Readonly<Record<string, string>> {
    const settings = this.#read.get(owner) ?? this.#state.relation.bag(owner).map;
    this.#read.set(owner, settings);
    return settings;
  }
}
