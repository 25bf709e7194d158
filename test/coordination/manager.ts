/**
 * What a backup manager writes.
 */

/** A request as it stands in the databag. */
export function wireRequest(id: string, isRestore: boolean): Record<string, unknown> {
  return {
    "job-id": id,
    "job-type": isRestore ? "restore" : "backup",
    "job-config": { compression: true },
    "storage-interface": "s3",
    "storage-config": { bucket: "b", "access-key": "canary-access", "secret-key": "canary-secret-key" },
    ...(isRestore ? { "artefact-path": "/backup/x/" } : {}),
  };
}
