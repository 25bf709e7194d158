/**
 * The secrets of a model's charms.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/secret/
 */
import { askAgainMs, nextRotation, type RotatePolicy } from "./secret-rotation.ts";
import { Secret, type SecretContent, type SecretGrant } from "./secret.ts";
import { applicationOf, isUnitName } from "./unit-name.ts";

/** What can be set of a secret. What is absent stays as it is. */
export interface SecretSettings {
  /** A new revision. */
  readonly content?: SecretContent;
  readonly label?: string;
  readonly description?: string;
  /** When the latest revision expires. A new revision without it never does. */
  readonly expires?: Date;
  readonly rotation?: RotatePolicy;
}

/** What the store is told of its model. */
export interface SecretsOptions {
  /** Some of its letters and digits become part of every id. */
  readonly modelUuid: string;
  readonly now: () => Date;
  /** Called after every change. */
  readonly onChange: () => void;
}

/** All secrets of a model. */
export class Secrets {
  readonly #options: SecretsOptions;
  #byId = new Map<string, Secret>();
  #reserved = 0;

  constructor(options: SecretsOptions) {
    this.#options = options;
  }

  /** Every secret, oldest first. */
  all(): readonly Secret[] {
    return [...this.#byId.values()];
  }

  find(id: string): Secret | undefined {
    return this.#byId.get(id);
  }

  /** The secrets that a unit may change: its own and, for a leader, those of its application. */
  managedBy(unit: string, isLeader: boolean): readonly Secret[] {
    const application = applicationOf(unit);
    return this.all().filter(({ owner }) => owner === unit || (isLeader && owner === application));
  }

  /** The secret that a unit means by a label: one of its own, of its application, or one that it labelled itself. */
  findByLabel(unit: string, label: string): Secret | undefined {
    const secrets = this.all();
    return (
      secrets.find((secret) => secret.owner === unit && secret.label === label) ??
      secrets.find((secret) => secret.isOfSameApplication(unit) && secret.label === label) ??
      secrets.find((secret) => secret.consumers.get(unit)?.label === label)
    );
  }

  /** Makes an id that no secret has. Time, model and a count, as in Juju; so it can be foretold, which no charm may rely on. */
  reserveId(): string {
    const seconds = Math.floor(this.#options.now().getTime() / 1000);
    const model = this.#options.modelUuid.replaceAll(/[^0-9a-z]/gu, "").slice(0, 8);
    const parts: readonly (readonly [string, number])[] = [
      [Math.abs(seconds).toString(32), 7],
      [model, 8],
      [(this.#reserved++).toString(32), 5],
    ];
    return parts.map(([text, length]) => text.slice(-length).padStart(length, "0")).join("");
  }

  /** Whether a unit or an application that owns or reads secrets would mix up two of them if it used a label. */
  isLabelTaken(user: string, label: string, except: Secret | undefined): boolean {
    return this.all().some((secret) => {
      if (secret === except) return false;
      if (secret.label === label && areTogether(user, secret.owner)) return true;
      return [...secret.consumers].some(
        ([unit, consumer]) => consumer.label === label && areTogether(user, unit),
      );
    });
  }

  create(id: string, owner: string, settings: SecretSettings): void {
    const secret = new Secret(id, owner);
    this.#byId.set(id, secret);
    this.update(secret, settings);
  }

  update(secret: Secret, { content, label, description, expires, rotation }: SecretSettings): void {
    secret.label = label ?? secret.label;
    secret.description = description ?? secret.description;
    if (content !== undefined) secret.addRevision(content, expires);
    else if (expires !== undefined) secret.expireLatest(expires);
    if (rotation !== undefined) {
      // A change from one period to another waits for the rotation that is already due.
      if (secret.rotation === "never") secret.nextRotation = nextRotation(rotation, this.#options.now());
      if (rotation === "never") secret.nextRotation = undefined;
      secret.rotation = rotation;
    }
    this.#options.onChange();
  }

  /** Removes revisions, or the whole secret where none are named or none are left. */
  remove(secret: Secret, revisions: Iterable<number> | undefined): void {
    for (const number of revisions ?? secret.revisions.keys()) secret.revisions.delete(number);
    if (secret.revisions.size === 0) this.#byId.delete(secret.id);
    this.#options.onChange();
  }

  grant(secret: Secret, subject: string, grant: SecretGrant): void {
    secret.grants.set(subject, grant);
    this.#options.onChange();
  }

  revoke(secret: Secret, subject: string): void {
    secret.grants.delete(subject);
    this.#options.onChange();
  }

  /** Tells which revision a unit gets, see {@link Secret.track}. */
  track(secret: Secret, unit: string, how: { readonly refresh: boolean; readonly peek: boolean }): number {
    const before = secret.consumers.get(unit)?.tracked;
    const revision = secret.track(unit, how);
    if (secret.consumers.get(unit)?.tracked !== before) this.#options.onChange();
    return revision;
  }

  /** Sets a reader's own label for a secret. */
  setConsumerLabel(secret: Secret, unit: string, label: string): void {
    const consumer = secret.consumers.get(unit);
    if (consumer !== undefined) secret.consumers.set(unit, { ...consumer, label });
  }

  /**
   * Takes note that the owner's `secret-rotate` hook has run.
   *
   * @param before The latest revision when the hook began. Where there is no newer one now, Juju asks again soon.
   */
  rotated(id: string, before: number): void {
    const secret = this.#byId.get(id);
    if (secret?.nextRotation === undefined) return;
    const { now } = this.#options;
    // A clock that was put forward by a year is not caught up with hook by hook.
    const next = (last: Date): Date | undefined =>
      secret.latest === before ? new Date(last.getTime() + askAgainMs) : nextRotation(secret.rotation, last);
    const due = next(secret.nextRotation);
    secret.nextRotation = due !== undefined && due <= now() ? next(now()) : due;
    this.#options.onChange();
  }

  /** Ends the grants that were given in a relation. */
  forgetRelation(relationId: number): void {
    for (const { grants } of this.all()) {
      for (const [subject, grant] of grants) if (grant.relationId === relationId) grants.delete(subject);
    }
  }

  /** Removes what a unit or an application owned, tracked and was granted. */
  forgetOwner(name: string): void {
    for (const secret of this.all()) {
      secret.consumers.delete(name);
      secret.grants.delete(name);
      if (secret.owner === name) this.#byId.delete(secret.id);
    }
  }

  /** Remembers the state of all secrets; the returned function goes back to it. */
  checkpoint(): () => void {
    const saved = this.all().map((secret) => secret.copy());
    return () => {
      this.#byId = new Map(saved.map((secret) => [secret.id, secret]));
    };
  }
}

/** Whether two owners share one space of labels: an application does with each of its units. */
function areTogether(a: string, b: string): boolean {
  return a === b || isUnitOf(a, b) || isUnitOf(b, a);
}

function isUnitOf(unit: string, application: string): boolean {
  return isUnitName(unit) && applicationOf(unit) === application;
}
