/**
 * What a hook hands over at its end, and in which order the controller takes it.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import { CommitRefused } from "./commit-refused.ts";
import type { Relation } from "./relation.ts";
import { requireDatabagFits, requireStateFits } from "./size-limits.ts";
import { applySecretChanges, needsLeader, type SecretChanges } from "./secret-changes.ts";
import type { Secrets } from "./secrets.ts";
import { applicationOf } from "./unit-name.ts";

/** Everything that one hook writes. */
export interface HookChanges {
  readonly databags: readonly {
    readonly relation: Relation;
    readonly owner: string;
    readonly settings: Readonly<Record<string, string>>;
  }[];
  readonly state: Readonly<Record<string, string>> | undefined;
  readonly secrets: SecretChanges;
}

/** What takes the changes over. */
export interface CommitTarget {
  readonly secrets: Secrets;
  relation(id: number): Relation;
  unit(name: string): { state: Readonly<Record<string, string>> };
  isLeader(unit: string): boolean;
  isAtLeast(major: number, minor?: number): boolean;
}

/**
 * Takes over what a hook wrote.
 *
 * Juju 4 takes everything or nothing. Up to 3.6 the secrets come first and one by one: those that were taken before
 * something was refused stay, though the databag that was to name them was not written.
 *
 * @returns Whether any databag changed.
 * @throws CommitRefused where the unit wrote as the leader and leads no longer, a secret cannot be changed so, or
 * something is too large.
 */
export function applyHookChanges(target: CommitTarget, unit: string, changes: HookChanges): boolean {
  if (!target.isAtLeast(4)) {
    applySecretChanges(target, unit, changes.secrets);
    return applyDatabags(target, unit, changes);
  }
  requireLeader(target, unit, needsLeader(target.secrets, unit, changes.secrets));
  const undo = target.secrets.checkpoint();
  try {
    applySecretChanges(target, unit, changes.secrets);
    return applyDatabags(target, unit, changes);
  } catch (error) {
    undo();
    throw error;
  }
}

function applyDatabags(target: CommitTarget, unit: string, { databags, state }: HookChanges): boolean {
  requireLeader(
    target,
    unit,
    databags.some(({ owner }) => owner === applicationOf(unit)),
  );
  for (const { relation, owner, settings } of databags) {
    requireDatabagFits({ ...relation.bag(owner).map, ...settings });
  }
  if (state !== undefined) {
    requireStateFits(state);
    target.unit(unit).state = state;
  }
  return databags.map(({ relation, owner, settings }) => relation.update(owner, settings)).includes(true);
}

function requireLeader(target: CommitTarget, unit: string, isNeeded: boolean): void {
  if (!isNeeded || target.isLeader(unit)) return;
  throw new CommitRefused(`prerequisites failed: "${unit}" is not leader of "${applicationOf(unit)}"`);
}
