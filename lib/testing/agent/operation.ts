/**
 * What a unit's agent can do next: run a hook, an action, or a command of `juju-exec`.
 *
 * @module
 */

/** What happened in a relation. */
export type RelationEvent = "created" | "joined" | "changed" | "departed" | "broken";

/** The relation that a hook is about. */
export interface HookRelation {
  readonly id: number;
  readonly endpoint: string;
  readonly event: RelationEvent;
  readonly remoteApplication: string;
  readonly remoteUnit?: string;
  readonly departingUnit?: string;
  /** The databag version that the hook is about; later ones cause a later hook. */
  readonly version: number;
}

/** The secret that a hook is about. */
export interface HookSecret {
  /** Its id without the scheme. */
  readonly id: string;
  readonly event: "changed" | "remove" | "rotate" | "expired";
  /** The unit's own name for it; "" where it has none. */
  readonly label: string;
  /** The revision that is new, unused or expired; for `rotate` the one to be replaced. */
  readonly revision: number;
}

/** A hook to run. */
export interface HookInfo {
  /** For example `config-changed` or `database-backup-relation-changed`. */
  readonly name: string;
  readonly relation?: HookRelation;
  readonly secret?: HookSecret;
  /** The configuration that a `config-changed` hook is about. */
  readonly configVersion?: number;
  /** The charm that an `install` or `upgrade-charm` hook is about. */
  readonly charmVersion?: number;
}

/** How an action ended. */
export interface ActionResult {
  /** `cancelled` where it was called off before it ran, `aborted` where it was ended while it ran. */
  readonly status: "completed" | "failed" | "aborted" | "cancelled";
  /** What the charm set, nested keys joined by periods, with `return-code` and, if not empty, `stdout` and `stderr`. */
  readonly results: Readonly<Record<string, string>>;
  readonly message: string;
  /** The lines of `action-log`. */
  readonly log: readonly string[];
}

/** An action that waits or runs. */
export interface ActionTask {
  /** The number of the task, as `juju show-task` takes it. */
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly log: string[];
  /** Whether it was called off while it ran. */
  isCancelled: boolean;
  /** Called once, at the end. */
  readonly finished: (result: ActionResult) => void;
}

/** How a process ended. */
export interface ProcessEnd {
  /** 128 and the signal's number where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of `juju-exec` that waits or runs. */
export interface CommandRequest {
  readonly commands: string;
  /** The relation of `juju-exec -r`, if given. */
  readonly relation?: HookRelation;
  /** Called once, at the end. */
  readonly finished: (end: ProcessEnd) => void;
}

/** What an agent does next. */
export type Operation =
  | { readonly kind: "hook"; readonly hook: HookInfo }
  | { readonly kind: "action"; readonly task: ActionTask }
  | { readonly kind: "command"; readonly command: CommandRequest };

/** Names an operation for people: `config-changed`, `actions/create-backup`, `juju-exec`. */
export function operationName(operation: Operation): string {
  switch (operation.kind) {
    case "hook":
      return operation.hook.name;
    case "action":
      return `actions/${operation.task.name}`;
    case "command":
      return "juju-exec";
  }
}

/** Whether an operation is the first to run the charm that its application has now. */
export function bringsCharm(operation: Operation): boolean {
  return (
    operation.kind === "hook" &&
    (operation.hook.name === "install" || operation.hook.name === "upgrade-charm")
  );
}

/** The relation that an operation is about, if any. */
export function operationRelation(operation: Operation): HookRelation | undefined {
  switch (operation.kind) {
    case "hook":
      return operation.hook.relation;
    case "action":
      return undefined;
    case "command":
      return operation.command.relation;
  }
}
