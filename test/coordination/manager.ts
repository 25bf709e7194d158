/**
 * What a backup manager writes.
 */

/** The credentials of every storage: they must stand in the manager's databag alone. */
export const accessKey = "canary-access";
/** See {@link accessKey}. */
export const secretKey = "canary-secret-key";

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
