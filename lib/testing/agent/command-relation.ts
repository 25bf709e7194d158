/**
 * The relation that a command of `juju-exec` is about, where it names one.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/juju-cli/list-of-juju-cli-commands/exec/
 */
import type { HookRelation } from "./operation.ts";
import type { RelationState } from "./relation-state.ts";
import { isUnitName } from "../model/unit-name.ts";

/** What `juju-exec` is told of a relation. */
export interface CommandAbout {
  /** `3` or `database-backup:3`. */
  readonly relation?: string | undefined;
  /** Default: the only unit of the relation, if there is just one. */
  readonly remoteUnit?: string | undefined;
}

/** What a command runs in, or why it cannot. */
export type CommandRelation = { readonly relation: HookRelation | undefined } | { readonly refusal: string };

/** Finds the relation, and its unit where none is named. */
export function commandRelation(
  { relation, remoteUnit }: CommandAbout,
  find: (id: number) => RelationState | undefined,
): CommandRelation {
  if (remoteUnit !== undefined && !isUnitName(remoteUnit))
    return { refusal: `invalid remote unit: ${remoteUnit}` };
  if (relation === undefined) {
    if (remoteUnit === undefined) return { relation: undefined };
    return { refusal: `remote unit provided without a relation: ${remoteUnit}` };
  }
  const id = Number(relation.slice(relation.lastIndexOf(":") + 1));
  const state = find(id);
  if (state === undefined) return { refusal: `unknown relation id: ${id}` };
  const { members, endpoint, remoteApplication } = state;
  const listed = `[${members.join(" ")}]`;
  const about = { id, endpoint, event: "changed", remoteApplication, version: 0 } as const;
  if (remoteUnit !== undefined) {
    if (members.includes(remoteUnit)) return { relation: { ...about, remoteUnit } };
    return { refusal: `unknown remote unit ${remoteUnit}; possibilities are ${listed}` };
  }
  const [only, ...others] = members;
  if (only === undefined) return { refusal: `cannot infer remote unit in empty relation ${id}` };
  if (others.length > 0) return { refusal: `ambiguous remote unit; possibilities are ${listed}` };
  return { relation: { ...about, remoteUnit: only } };
}
