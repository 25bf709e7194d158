/**
 * One secret of a charm: its revisions, who may read it, and who tracks which revision.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/secret/
 */
import type { RotatePolicy } from "./secret-rotation.ts";
import { applicationOf } from "./unit-name.ts";

/** The content of a revision: its values by their keys, in base64. */
export type SecretContent = Readonly<Record<string, string>>;

/** One revision. */
export interface SecretRevision {
  readonly content: SecretContent;
  /** When it expires, if ever. */
  readonly expires: Date | undefined;
}

/** The right of a unit or a whole application to read a secret. It ends with the relation it was given in. */
export interface SecretGrant {
  readonly relationId: number;
  /** How Juju writes the relation in its messages. */
  readonly relationKey: string;
}

/** A unit that has read a secret. */
export interface SecretConsumer {
  /** The revision it gets until it asks for a newer one. */
  readonly tracked: number;
  /** Its own name for the secret; "" where it has none. */
  readonly label: string;
}

/** A secret. */
export class Secret {
  /** 20 characters out of `0-9a-z`. */
  readonly id: string;
  /** The application or the unit that it belongs to. */
  readonly owner: string;
  /** The owner's own name for it; "" where it has none. */
  label = "";
  description = "";
  rotation: RotatePolicy = "never";
  nextRotation: Date | undefined;
  /** The number of the newest revision, even if that one was removed. */
  latest = 0;
  readonly revisions: Map<number, SecretRevision> = new Map();
  /** By the unit or the application that may read it. */
  readonly grants: Map<string, SecretGrant> = new Map();
  /** By the unit that reads it. */
  readonly consumers: Map<string, SecretConsumer> = new Map();

  constructor(id: string, owner: string) {
    this.id = id;
    this.owner = owner;
  }

  /** As tools print it and databags hold it. */
  get uri(): string {
    return `secret:${this.id}`;
  }

  /** The newest revision, if it was not removed. */
  get latestRevision(): SecretRevision | undefined {
    return this.revisions.get(this.latest);
  }

  /** Whether it belongs to a unit or to the unit's application. */
  isOfSameApplication(unit: string): boolean {
    return this.owner === unit || this.owner === applicationOf(unit);
  }

  /** Whether a unit may read it: its owner, every unit of an application that owns it, and whom it was granted to. */
  canBeReadBy(unit: string): boolean {
    return this.isOfSameApplication(unit) || this.grants.has(unit) || this.grants.has(applicationOf(unit));
  }

  /** The revisions that nobody will read again: neither the latest, nor tracked by anyone. */
  unusedRevisions(): readonly number[] {
    const tracked = new Set([...this.consumers.values()].map((consumer) => consumer.tracked));
    return [...this.revisions.keys()].filter((number) => number < this.latest && !tracked.has(number));
  }

  /**
   * Tells which revision a unit gets, and makes it track that one. The first reading tracks the latest.
   *
   * @param how `refresh` moves on to the latest; `peek` looks at the latest and leaves the tracking alone.
   */
  track(unit: string, how: { readonly refresh: boolean; readonly peek: boolean }): number {
    const consumer = this.consumers.get(unit);
    if (consumer === undefined || how.refresh) {
      this.consumers.set(unit, { label: consumer?.label ?? "", tracked: this.latest });
      return this.latest;
    }
    return how.peek ? this.latest : consumer.tracked;
  }

  addRevision(content: SecretContent, expires: Date | undefined): void {
    this.latest += 1;
    this.revisions.set(this.latest, { content, expires });
  }

  /** Makes the latest revision expire at another time. */
  expireLatest(expires: Date): void {
    const revision = this.latestRevision;
    if (revision !== undefined) this.revisions.set(this.latest, { ...revision, expires });
  }

  /** Makes a copy that changes on its own. */
  copy(): Secret {
    const copy = new Secret(this.id, this.owner);
    copy.label = this.label;
    copy.description = this.description;
    copy.rotation = this.rotation;
    copy.nextRotation = this.nextRotation;
    copy.latest = this.latest;
    for (const [number, revision] of this.revisions) copy.revisions.set(number, revision);
    for (const [subject, grant] of this.grants) copy.grants.set(subject, grant);
    for (const [unit, consumer] of this.consumers) copy.consumers.set(unit, consumer);
    return copy;
  }
}

/** Whether two contents are the same. */
export function isSameContent(a: SecretContent, b: SecretContent): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
