/**
 * What a hook does to secrets, as the controller takes it over at the hook's end.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/secret/
 */
import { CommitRefused } from "./commit-refused.ts";
import type { Relation } from "./relation.ts";
import type { Secret } from "./secret.ts";
import type { Secrets, SecretSettings } from "./secrets.ts";
import { applicationOf, isUnitName, unitTag } from "./unit-name.ts";

/** A secret to be created under an id that was reserved before. */
export interface SecretCreation {
  readonly id: string;
  readonly owner: string;
  readonly settings: SecretSettings;
}

/** A grant of a secret to a unit or an application. */
export interface SecretGranting {
  readonly id: string;
  readonly relationId: number;
  readonly subject: string;
}

/** Everything that one hook does to secrets. */
export interface SecretChanges {
  /** Revisions to be removed; the whole secret where none are named. */
  readonly removals: readonly { readonly id: string; readonly revisions: readonly number[] | undefined }[];
  readonly creations: readonly SecretCreation[];
  readonly updates: readonly { readonly id: string; readonly settings: SecretSettings }[];
  /** Secrets whose latest revision the unit tracks from now on. */
  readonly refreshed: readonly string[];
  readonly grants: readonly SecretGranting[];
  readonly revokes: readonly { readonly id: string; readonly subject: string }[];
}

/** What the changes are made to. */
export interface SecretHolder {
  readonly secrets: Secrets;
  relation(id: number): Relation;
  isLeader(unit: string): boolean;
}

/** Whether changes reach secrets of the unit's application. */
export function needsLeader(secrets: Secrets, unit: string, changes: SecretChanges): boolean {
  const application = applicationOf(unit);
  const { removals, updates, grants, revokes } = changes;
  return (
    changes.creations.some(({ owner }) => owner === application) ||
    [...removals, ...updates, ...grants, ...revokes].some(({ id }) => secrets.find(id)?.owner === application)
  );
}

/**
 * Makes the changes one by one, each kind after the other. What was done before a refusal is not undone.
 *
 * @throws CommitRefused with all that was refused of the first kind of which anything was.
 */
export function applySecretChanges(holder: SecretHolder, unit: string, changes: SecretChanges): void {
  const { secrets } = holder;
  const managed = (id: string): Secret => requireManaged(holder, unit, secrets.find(id));
  applyEach("removing secrets", changes.removals, ({ id, revisions }) => {
    secrets.remove(managed(id), revisions);
  });
  applyEach("creating secrets", changes.creations, ({ id, owner, settings }) => {
    if (owner !== unit) requireLeader(holder, unit);
    requireFreeLabel(secrets, owner, settings.label, undefined);
    secrets.create(id, owner, settings);
  });
  applyEach("updating secrets", changes.updates, ({ id, settings }) => {
    if (secrets.find(id) === undefined) refuse(`secret "secret:${id}" not found`);
    const secret = managed(id);
    if (settings.label !== secret.label) requireFreeLabel(secrets, secret.owner, settings.label, secret);
    secrets.update(secret, settings);
  });
  applyEach("updating secret tracked revisions", changes.refreshed, (id) => {
    const secret = secrets.find(id);
    if (secret !== undefined) secrets.track(secret, unit, { refresh: true, peek: false });
  });
  applyEach("granting secrets access", changes.grants, (granting) => {
    grant(holder, managed(granting.id), granting);
  });
  applyEach("revoking secrets access", changes.revokes, ({ id, subject }) => {
    secrets.revoke(managed(id), subject);
  });
}

function applyEach<T>(what: string, changes: readonly T[], apply: (change: T) => void): void {
  const refused: string[] = [];
  for (const change of changes) {
    try {
      apply(change);
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      refused.push(error.message);
    }
  }
  if (refused.length > 0) throw new CommitRefused(`${what}: ${refused.join("\n")}`);
}

function grant(holder: SecretHolder, secret: Secret, { relationId, subject }: SecretGranting): void {
  const { key, life, crossModel } = holder.relation(relationId);
  const tag = isUnitName(subject) ? unitTag(subject) : `application-${subject}`;
  const refuseGrant = (why: string): never =>
    refuse(`cannot change access to "${secret.uri}" for "${tag}": ${why}`);
  if (life === "dying") {
    refuseGrant(`cannot grant access to secret in scope of "${key}" which is not alive`);
  }
  const owner = isUnitName(secret.owner) ? applicationOf(secret.owner) : secret.owner;
  if (crossModel !== undefined && owner !== crossModel.offeredBy) {
    refuseGrant("sharing consumer secrets across a cross model relation not supported");
  }
  const present = secret.grants.get(subject);
  if (present !== undefined && present.relationId !== relationId) {
    refuseGrant("cannot change secret permission scope");
  }
  holder.secrets.grant(secret, subject, { relationId, relationKey: key });
}

function requireManaged(holder: SecretHolder, unit: string, secret: Secret | undefined): Secret {
  if (secret === undefined || !secret.isOfSameApplication(unit)) return refuse("permission denied");
  if (secret.owner !== unit) requireLeader(holder, unit);
  return secret;
}

function requireLeader(holder: SecretHolder, unit: string): void {
  if (!holder.isLeader(unit)) refuse(`"${unit}" is not leader of "${applicationOf(unit)}"`);
}

function requireFreeLabel(
  secrets: Secrets,
  owner: string,
  label: string | undefined,
  except: Secret | undefined,
): void {
  if (label === undefined || label === "" || !secrets.isLabelTaken(owner, label, except)) return;
  refuse(`secret with label ${JSON.stringify(label)} already exists`);
}

function refuse(why: string): never {
  throw new CommitRefused(why);
}
