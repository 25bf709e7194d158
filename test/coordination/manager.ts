/**
 * What a backup manager writes.
 */

/** What all credentials begin with: they must stand in the manager's databag alone. */
export const keyPrefix = "canary-";
/** The access key of every storage. */
export const accessKey: string = `${keyPrefix}access`;
/** The secret key of every storage. */
export const secretKey: string = `${keyPrefix}secret-key`;

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
