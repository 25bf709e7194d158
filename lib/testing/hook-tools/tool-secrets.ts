/**
 * What the tools about secrets may ask of the context they run in.
 *
 * @module
 */
import type { RotatePolicy } from "../model/secret-rotation.ts";
import type { SecretContent } from "../model/secret.ts";
import type { SecretSettings } from "../model/secrets.ts";

/** A secret that the unit can manage, with the changes of this hook. */
export interface SecretMetadata {
  /** The latest revision. One that this hook adds does not count yet. */
  readonly revision: number;
  readonly label: string;
  readonly owner: "application" | "unit";
  readonly description: string;
  readonly rotation: RotatePolicy | undefined;
  readonly expires: Date | undefined;
  readonly rotates: Date | undefined;
  readonly access: readonly SecretAccess[];
}

/** Who may read a secret. */
export interface SecretAccess {
  /** A unit or an application. */
  readonly subject: string;
  /** How Juju writes the relation in its messages. */
  readonly relationKey: string;
}

/** Which secret to read, and how. */
export interface SecretReading {
  readonly id: string | undefined;
  /** "" for none. With an id it becomes the label of the secret. */
  readonly label: string;
  readonly refresh: boolean;
  readonly peek: boolean;
}

/** The secrets as the running hook sees them. What it writes is kept back until its end. */
export interface ToolSecrets {
  /** Creates a secret, and gives its id. */
  create(owner: "application" | "unit", settings: SecretSettings): string;
  read(reading: SecretReading): SecretContent;
  /** By their ids, the secrets that the unit can manage. */
  metadata(): ReadonlyMap<string, SecretMetadata>;
  update(id: string, settings: SecretSettings): void;
  /** Removes one revision, or the whole secret. */
  remove(id: string, revision: number | undefined): void;
  grant(id: string, relation: { readonly id: number; readonly key: string }, subject: string): void;
  revoke(id: string, subject: string): void;
}
