/**
 * The secrets as one hook sees and changes them: what it writes waits for the end of the hook.
 *
 * Reading is no write: which revision a unit tracks, and the label it gives to a secret, count at once.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/secret/
 */
import { failed } from "../hook-tools/hook-tool.ts";
import type { SecretAccess, SecretMetadata, SecretReading, ToolSecrets } from "../hook-tools/tool-secrets.ts";
import type { Model } from "../model/model.ts";
import type { SecretChanges, SecretGranting } from "../model/secret-changes.ts";
import { isSameContent, type Secret, type SecretContent } from "../model/secret.ts";
import type { SecretSettings } from "../model/secrets.ts";
import { applicationOf, isUnitName } from "../model/unit-name.ts";

interface Creation {
  readonly owner: string;
  settings: SecretSettings;
}

/** A grant that waits, with what is shown of it. */
interface Granting extends SecretGranting, SecretAccess {}

/** The secrets of one hook context. */
export class SecretsBuffer implements ToolSecrets {
  readonly #model: Model;
  readonly #unit: string;
  readonly #isLeader: () => boolean;
  /** What the unit could manage when the hook began: Juju's agent loads this once for a hook. */
  readonly #managed: ReadonlyMap<string, Secret>;
  readonly #creations = new Map<string, Creation>();
  readonly #updates = new Map<string, SecretSettings>();
  readonly #removals = new Map<string, number[] | undefined>();
  readonly #refreshed = new Set<string>();
  #grants: readonly Granting[] = [];
  #revokes: readonly { readonly id: string; readonly subject: string }[] = [];

  constructor(model: Model, unit: string, isLeader: () => boolean) {
    this.#model = model;
    this.#unit = unit;
    this.#isLeader = isLeader;
    const managed = model.secrets.managedBy(unit, model.isLeader(unit));
    this.#managed = new Map(managed.map((secret) => [secret.id, secret.copy()]));
  }

  create(owner: "application" | "unit", settings: SecretSettings): string {
    if (owner === "application") this.#requireLeader();
    const { label } = settings;
    if (label !== undefined && [...this.#creations.values()].some((each) => each.settings.label === label)) {
      failed(`secret with label ${JSON.stringify(label)} already exists`);
    }
    const id = this.#model.secrets.reserveId();
    this.#creations.set(id, {
      owner: owner === "application" ? applicationOf(this.#unit) : this.#unit,
      settings,
    });
    return id;
  }

  read(reading: SecretReading): SecretContent {
    const pending = this.#readPending(reading);
    if (pending !== undefined) return pending;
    const secret = this.#locate(reading);
    if (!secret.canBeReadBy(this.#unit)) failed("permission denied");
    const isNamed = reading.id !== undefined && reading.label !== "";
    if (isNamed) this.#requireFreeLabel(secret, reading.label);
    const revision = this.#model.secrets.track(secret, this.#unit, reading);
    if (isNamed) this.#setLabel(secret, reading.label);
    return (
      secret.revisions.get(revision)?.content ??
      failed(`secret revision "${secret.id}/${revision}" not found`)
    );
  }

  metadata(): ReadonlyMap<string, SecretMetadata> {
    const metadata = new Map<string, SecretMetadata>();
    for (const [id, { owner, settings }] of this.#creations) {
      metadata.set(id, {
        revision: 1,
        label: settings.label ?? "",
        owner: kindOf(owner),
        description: settings.description ?? "",
        rotation: settings.rotation,
        expires: settings.expires,
        rotates: undefined,
        access: this.#access(id, []),
      });
    }
    for (const [id, secret] of this.#managed) {
      if (this.#removals.has(id)) continue;
      const settings = this.#updates.get(id) ?? {};
      metadata.set(id, {
        revision: secret.latest,
        label: settings.label ?? secret.label,
        owner: kindOf(secret.owner),
        description: settings.description ?? secret.description,
        rotation: settings.rotation ?? secret.rotation,
        expires: settings.expires ?? secret.latestRevision?.expires,
        rotates: secret.nextRotation,
        access: this.#access(
          id,
          [...secret.grants].map(([subject, { relationKey }]) => ({ subject, relationKey })),
        ),
      });
    }
    return metadata;
  }

  /** Changes settings. As in Juju it takes the place of a removal that this hook asked for before. */
  update(id: string, settings: SecretSettings): void {
    this.#requireLeaderFor(id);
    this.#removals.delete(id);
    const creation = this.#creations.get(id);
    if (creation !== undefined) {
      creation.settings = { ...creation.settings, ...settings };
      return;
    }
    const next: SecretSettings = { ...this.#updates.get(id), ...settings };
    const stored = this.#managed.get(id)?.latestRevision?.content;
    const isOld = next.content !== undefined && stored !== undefined && isSameContent(next.content, stored);
    if (isOld && this.#model.isAtLeast(3, 6)) {
      const { content: _, ...others } = next;
      this.#updates.set(id, others);
    } else {
      this.#updates.set(id, next);
    }
  }

  /** Removes a revision or everything. As in Juju, all other changes of this hook to the secret are forgotten. */
  remove(id: string, revision: number | undefined): void {
    this.#requireLeaderFor(id);
    this.#updates.delete(id);
    this.#refreshed.delete(id);
    this.#grants = this.#grants.filter((grant) => grant.id !== id);
    this.#revokes = this.#revokes.filter((revoke) => revoke.id !== id);
    if (this.#creations.delete(id)) return;
    const before = this.#removals.has(id) ? this.#removals.get(id) : [];
    const isWhole = revision === undefined || before === undefined;
    this.#removals.set(id, isWhole ? undefined : [...before, revision]);
  }

  grant(id: string, relation: { readonly id: number; readonly key: string }, subject: string): void {
    this.#requireLeaderFor(id);
    const metadata = this.metadata().get(id) ?? failed(`secret ${JSON.stringify(id)} not found`);
    for (const access of metadata.access) {
      if (access.relationKey !== relation.key) continue;
      if (access.subject === subject || !isUnitName(access.subject)) return;
      if (!isUnitName(subject)) {
        failed(
          "any unit level grants need to be revoked before granting access to the corresponding application",
        );
      }
    }
    this.#grants = [...this.#grants, { id, relationId: relation.id, relationKey: relation.key, subject }];
  }

  revoke(id: string, subject: string): void {
    this.#requireLeaderFor(id);
    this.#revokes = [...this.#revokes, { id, subject }];
  }

  /** What is handed over at the end of the hook. */
  changes(): SecretChanges {
    return {
      removals: [...this.#removals].map(([id, revisions]) => ({ id, revisions })),
      creations: [...this.#creations].map(([id, creation]) => ({ id, ...creation })),
      updates: [...this.#updates]
        .filter(([, settings]) => Object.keys(settings).length > 0)
        .map(([id, settings]) => ({ id, settings })),
      refreshed: [...this.#refreshed],
      grants: this.#grants,
      revokes: this.#revokes,
    };
  }

  #readPending({ id, label, refresh, peek }: SecretReading): SecretContent | undefined {
    const creation = findPending(this.#creations, id, label, (each) => each.settings.label);
    if (creation !== undefined) {
      if (id !== undefined && label !== "") creation.value.settings = { ...creation.value.settings, label };
      return creation.value.settings.content;
    }
    if (!refresh && !peek) return undefined;
    const update = findPending(this.#updates, id, label, (each) => each.label);
    if (update === undefined) return undefined;
    if (id !== undefined && label !== "") this.#updates.set(id, { ...update.value, label });
    if (refresh) this.#refreshed.add(update.id);
    return update.value.content;
  }

  #locate({ id, label }: SecretReading): Secret {
    const { secrets } = this.#model;
    if (id !== undefined) return secrets.find(id) ?? failed(`secret "secret:${id}" not found`);
    const renamed = findPending(this.#updates, undefined, label, (each) => each.label);
    const secret = renamed === undefined ? secrets.findByLabel(this.#unit, label) : secrets.find(renamed.id);
    return secret ?? failed(`consumer label ${JSON.stringify(label)} not found`);
  }

  #requireFreeLabel(secret: Secret, label: string): void {
    const user = secret.isOfSameApplication(this.#unit) ? secret.owner : this.#unit;
    if (!this.#model.secrets.isLabelTaken(user, label, secret)) return;
    failed(`secret with label ${JSON.stringify(label)} already exists`);
  }

  /** A reader names a secret for itself; its owner renames it; the owner's other units name nothing. */
  #setLabel(secret: Secret, label: string): void {
    const { secrets } = this.#model;
    if (!secret.isOfSameApplication(this.#unit)) secrets.setConsumerLabel(secret, this.#unit, label);
    else if (secret.owner === this.#unit || this.#isLeader()) secrets.update(secret, { label });
  }

  #access(id: string, stored: readonly SecretAccess[]): readonly SecretAccess[] {
    const pending = this.#grants.filter((grant) => grant.id === id);
    const revoked = new Set(this.#revokes.filter((revoke) => revoke.id === id).map(({ subject }) => subject));
    return [...stored, ...pending].filter(({ subject }) => !revoked.has(subject));
  }

  #requireLeaderFor(id: string): void {
    if (this.#model.secrets.find(id)?.owner === applicationOf(this.#unit)) this.#requireLeader();
  }

  #requireLeader(): void {
    if (!this.#isLeader()) failed("this unit is not the leader");
  }
}

function kindOf(owner: string): "application" | "unit" {
  return isUnitName(owner) ? "unit" : "application";
}

function findPending<T>(
  pending: ReadonlyMap<string, T>,
  id: string | undefined,
  label: string,
  labelOf: (value: T) => string | undefined,
): { readonly id: string; readonly value: T } | undefined {
  for (const [each, value] of pending) {
    if (each === id || (label !== "" && labelOf(value) === label)) return { id: each, value };
  }
  return undefined;
}
