/**
 * The Juju port: what this library asks of Juju, and nothing of how it is asked.
 *
 * One object stands for one hook context: one dispatch of one unit. It owns no state of its own; what a write does
 * and when it takes effect is Juju's: databag writes are kept back until the dispatch ends with exit code 0, statuses
 * and log lines take effect at once. Secrets that are changed wait for that end as well. Deliberately not in it: storage,
 * ports and networks, which no part of the library uses.
 *
 * Binding: {@link HookTools}, which runs Juju's real hook tools or, in a test's own process, those of the simulated Juju.
 *
 * @module
 */

/** The four statuses that a charm may set. */
export type StatusName = "active" | "waiting" | "blocked" | "maintenance";

/** A unit status as a charm sets it. */
export interface UnitStatus {
  readonly name: StatusName;
  readonly message: string;
}

/** A databag: what one unit or one application wrote for one relation. Values are always strings. */
export type Databag = Readonly<Record<string, string>>;

/** Changes to a databag. The empty string deletes a key; keys that are not named stay. */
export type DatabagChanges = Readonly<Record<string, string>>;

/** What a secret holds. Keys are lower case, of three characters or more. */
export type SecretContent = Readonly<Record<string, string>>;

/** What the owner of a secret is told of it. */
export interface SecretInfo {
  /** For example `secret:d4f2k8vmp25c7612lk10`. */
  readonly uri: string;
  /** The number of its latest content. */
  readonly revision: number;
}

/** The severity of a log line. */
export type LogLevel = "DEBUG" | "INFO" | "WARNING" | "ERROR";

/** What Juju expects of the model, from `goal-state`. */
export interface GoalState {
  /** The planned units of this application, this one included, those that are dying left out. */
  readonly units: readonly string[];
  /** The units of this application that are being removed and are still there, of which this may be one. */
  readonly dying: readonly string[];
  /** By endpoint: the applications related there, whether this unit has met them or not. Peers are not among them. */
  readonly related: Readonly<Record<string, readonly string[]>>;
}

/** The Juju port. */
export interface Juju {
  /** The unit that this dispatch belongs to, for example `postgresql/0`. */
  readonly unit: string;
  /** The unit's application, for example `postgresql`. */
  readonly application: string;
  /** The model's UUID. */
  readonly modelUuid: string;

  /**
   * Tells whether this unit leads. `true` holds for at least 30 s from the answer.
   *
   * @throws HookToolError where Juju cannot tell.
   * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/is-leader/
   */
  isLeader(): Promise<boolean>;

  /** The planned units of this application. */
  goalState(): Promise<GoalState>;

  /** The ids of an endpoint's relations, for example `database-backup:3`, in the order of their numbers. */
  relationIds(endpoint: string): Promise<readonly string[]>;

  /** The remote units of a relation that this unit has seen and that have not departed. */
  relationUnits(relationId: string): Promise<readonly string[]>;

  /** The remote application of a relation. */
  relationApplication(relationId: string): Promise<string>;

  /** The databag of a unit: this one or a related one. */
  readUnitDatabag(relationId: string, unit: string): Promise<Databag>;

  /** The databag of an application: the related one, or, where this unit leads, its own. */
  readApplicationDatabag(relationId: string, application: string): Promise<Databag>;

  /** Changes this unit's own databag. Takes effect when the dispatch ends well. */
  writeUnitDatabag(relationId: string, changes: DatabagChanges): Promise<void>;

  /** Changes the own application's databag. Only the leader may. Takes effect when the dispatch ends well. */
  writeApplicationDatabag(relationId: string, changes: DatabagChanges): Promise<void>;

  /** The charm's configuration; options without a value are left out. */
  config(): Promise<Readonly<Record<string, string | number | boolean>>>;

  /**
   * The UUID of the model that the application on the other side of a relation is in.
   *
   * @returns Undefined where Juju does not tell, as before 3.6.2.
   * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/relation-model-get/
   */
  relationModel(relationId: string): Promise<string | undefined>;

  /** Sets the unit status, at once. */
  setStatus(status: UnitStatus): Promise<void>;

  /** The unit status that stands. */
  status(): Promise<UnitStatus>;

  /** Writes to the unit's log, at once. */
  log(level: LogLevel, message: string): Promise<void>;

  /** The parameters of the running action, defaults filled in. */
  actionParameters(): Promise<Readonly<Record<string, unknown>>>;

  /** Sets results of the running action; later calls overwrite. Keys are lower case, with hyphens and periods. */
  setActionResults(results: Readonly<Record<string, string>>): Promise<void>;

  /** Writes a progress line of the running action, at once. */
  logAction(message: string): Promise<void>;

  /** Marks the running action as failed. What it wrote to databags still takes effect. */
  failAction(message: string): Promise<void>;

  /**
   * Adds a secret of the application. Only the leader may. Takes effect when the dispatch ends well.
   *
   * @param label Told to nobody else. Look it up before: up to Juju 3.6 a secret stays where the rest of a dispatch is refused.
   * @returns The secret's URI.
   * @see https://documentation.ubuntu.com/juju/3.6/reference/hook-command/list-of-hook-commands/secret-add/
   */
  addSecret(label: string, content: SecretContent): Promise<string>;

  /** Gives an own secret new content, as a new revision. Takes effect when the dispatch ends well. */
  updateSecret(uri: string, content: SecretContent): Promise<void>;

  /** An own secret, by its label; undefined where there is none, or where it is not this unit's to manage. */
  secretInfo(label: string): Promise<SecretInfo | undefined>;

  /**
   * Reads the latest content of a secret.
   *
   * @returns Undefined where it is not there or was not granted, which may be a matter of time.
   */
  readSecret(uri: string): Promise<SecretContent | undefined>;

  /** Lets the other side of a relation read an own secret, as long as the relation stands. To grant twice is no failure. */
  grantSecret(uri: string, relationId: string): Promise<void>;

  /** Removes an own secret with all its revisions, or one of them. One that is gone is no failure. */
  removeSecret(uri: string, revision?: number): Promise<void>;
}
