/**
 * A backup manager that is a databag, and what it writes.
 */

/** What all credentials begin with: they must stand in the manager's databag alone. */
export const keyPrefix = "canary-";
/** The access key of every storage. */
export const accessKey: string = `${keyPrefix}access`;
/** The secret key of every storage. */
export const secretKey: string = `${keyPrefix}secret-key`;

/** A request as the manager wrote it. */
export interface Requested {
  readonly id: string;
  readonly fields: Record<string, unknown>;
}

/** One manager. */
export interface Manager {
  readonly application: string;
  /** The id of its relation with the database; undefined while there is none. */
  relation: number | undefined;
  /** By job. */
  readonly requests: Map<string, Requested>;
  /** The jobs that were ever requested in that relation. */
  readonly asked: Set<string>;
}

/** What managers are called. */
export const managerNames: readonly string[] = ["manager", "second-manager"];

/** A request as it stands in the databag. */
export function wireRequest(id: string, isRestore: boolean): Record<string, unknown> {
  return {
    "job-id": id,
    "job-type": isRestore ? "restore" : "backup",
    "job-config": { compression: true },
    "storage-interface": "s3",
    "storage-config": { bucket: "b", "access-key": accessKey, "secret-key": secretKey },
    ...(isRestore ? { "artefact-path": "/backup/x/" } : {}),
  };
}
