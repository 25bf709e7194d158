/**
 * The secrets of a model, for tests to look at.
 *
 * @module
 */
import type { Secrets } from "./secrets.ts";

/** A secret with everything that Juju keeps of it. */
export interface SecretReport {
  /** As charms write it: `secret:` and 20 characters. */
  readonly id: string;
  /** An application or a unit. */
  readonly owner: string;
  /** The owner's label; "" where it has none. */
  readonly label: string;
  readonly description: string;
  readonly rotation: string;
  /** When the owner will be asked to rotate it. */
  readonly rotates?: Date;
  /** By its number, each revision that was not removed. */
  readonly revisions: Readonly<
    Record<number, { readonly content: Readonly<Record<string, string>>; readonly expires?: Date }>
  >;
  /** By the unit or the application that may read it, the id of the relation that this ends with. */
  readonly grants: Readonly<Record<string, number>>;
  /** By the unit that has read it, the revision it tracks and its own label. */
  readonly consumers: Readonly<Record<string, { readonly tracked: number; readonly label: string }>>;
}

/** Reports on secrets, oldest first. The answer is a copy: it does not change when they do. */
export function secretReports(secrets: Secrets): readonly SecretReport[] {
  return secrets.all().map((secret) => ({
    id: secret.uri,
    owner: secret.owner,
    label: secret.label,
    description: secret.description,
    rotation: secret.rotation,
    ...(secret.nextRotation === undefined ? {} : { rotates: new Date(secret.nextRotation) }),
    revisions: Object.fromEntries(
      [...secret.revisions].map(([number, { content, expires }]) => [
        number,
        { content: decoded(content), ...(expires === undefined ? {} : { expires: new Date(expires) }) },
      ]),
    ),
    grants: Object.fromEntries([...secret.grants].map(([subject, { relationId }]) => [subject, relationId])),
    consumers: Object.fromEntries([...secret.consumers].map(([unit, consumer]) => [unit, { ...consumer }])),
  }));
}

/** The values of a secret as text. */
export function decoded(content: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}
