/**
 * Why a charm's `dispatch` was started.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */

const relationChanges = ["created", "joined", "changed", "departed", "broken"] as const;

/** A change of a relation, as Juju names its hooks. */
export type RelationChange = (typeof relationChanges)[number];

/** Why `dispatch` was started. */
export type JujuEvent =
  /** A hook that belongs to no relation, for example `install`, `config-changed`, `update-status`. */
  | {
      readonly kind: "hook";
      readonly name: string;
      /** In the hooks of a secret: its URI and, where the hook is about one content of it, the number of that. */
      readonly secret?: { readonly uri: string; readonly revision?: number };
    }
  | {
      readonly kind: "relation";
      readonly change: RelationChange;
      readonly endpoint: string;
      /** For example `database-backup:3`. */
      readonly relationId: string;
      readonly remoteApplication?: string;
      /** Absent where the change is that of an application. */
      readonly remoteUnit?: string;
      /** In departed hooks: the unit that goes, which may be this one. */
      readonly departingUnit?: string;
    }
  | { readonly kind: "action"; readonly name: string }
  /** An event of the charm's own, dispatched through `juju-exec`. */
  | { readonly kind: "custom"; readonly name: string };

/**
 * Reads from the environment why `dispatch` was started.
 *
 * @param environment Default: the environment of this process.
 */
export function currentEvent(environment: NodeJS.ProcessEnv = process.env): JujuEvent {
  const action = environment["JUJU_ACTION_NAME"];
  if (action !== undefined && action !== "") return { kind: "action", name: action };
  const hook = environment["JUJU_HOOK_NAME"] ?? "";
  if (hook === "") {
    const path = environment["JUJU_DISPATCH_PATH"] ?? "";
    return { kind: "custom", name: path.slice(path.lastIndexOf("/") + 1) };
  }
  const change = relationChanges.find((candidate) => hook.endsWith(`-relation-${candidate}`));
  const relationId = environment["JUJU_RELATION_ID"] ?? "";
  if (change === undefined || relationId === "")
    return { kind: "hook", name: hook, ...secretOf(environment) };
  return {
    kind: "relation",
    change,
    endpoint: hook.slice(0, -`-relation-${change}`.length),
    relationId,
    ...optional("remoteApplication", environment["JUJU_REMOTE_APP"]),
    ...optional("remoteUnit", environment["JUJU_REMOTE_UNIT"]),
    ...optional("departingUnit", environment["JUJU_DEPARTING_UNIT"]),
  };
}

function secretOf({
  JUJU_SECRET_ID: uri = "",
  JUJU_SECRET_REVISION: revision = "",
}: NodeJS.ProcessEnv): Pick<Extract<JujuEvent, { kind: "hook" }>, "secret"> {
  if (uri === "") return {};
  return { secret: /^\d+$/.test(revision) ? { uri, revision: Number(revision) } : { uri } };
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  // Juju sets variables that do not apply to an event to the empty string.
  const result: { [K in Key]?: string } = {};
  if (value !== undefined && value !== "") result[key] = value;
  return result;
}
