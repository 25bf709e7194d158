/**
 * Databags of a size: what a backup manager and the units of a database write for so many jobs.
 *
 * @module
 */
const storage = {
  bucket: "backups",
  path: "/team/database",
  endpoint: "https://s3.example",
  region: "eu-west-1",
  "access-key": "AKIAIOSFODNN7EXAMPLE",
  "secret-key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

function idOf(index) {
  return `01a1fca7-5577-73bd-8652-${String(index).padStart(12, "0")}`;
}

/** The requirer's application databag with so many requests. */
export function requirerDatabag(jobs) {
  const requests = Array.from({ length: jobs }, (_, index) => ({
    "job-id": idOf(index),
    "job-type": "backup",
    "job-config": { compression: true },
    "storage-interface": "s3",
    "storage-config": storage,
    "backup-type": "full",
    "requested-at": "2026-03-01T10:00:00.000Z",
  }));
  return { jobs: JSON.stringify(requests) };
}

/** The unit databags of a provider of so many units, which report all of so many jobs among them but the last one. */
export function providerDatabags(jobs, units) {
  const databags = Array.from({ length: units }, () => []);
  for (let index = 0; index < jobs - 1; index += 1) {
    databags[index % units].push({
      "job-id": idOf(index),
      "job-type": "backup",
      "job-config": { compression: true },
      status: "success",
      "storage-interface": "s3",
      "storage-config": { ...storage, "access-key": "", "secret-key": "" },
      "artefact-path": `/team/database/backup/main/20260301-${String(index).padStart(6, "0")}F/`,
      phase: "succeeded",
      "started-at": "2026-03-01T10:00:01.000Z",
      "finished-at": "2026-03-01T10:05:00.000Z",
      "backup-id": `20260301-${String(index).padStart(6, "0")}F`,
      "size-bytes": 123456789,
      timeline: 1,
      fence: index + 1,
    });
  }
  return databags.map((reports) => ({ jobs: JSON.stringify(reports) }));
}
