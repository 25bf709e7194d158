/**
 * What keeps a request from being written: better a clear word now than a job that fails tonight.
 *
 * @module
 */
import { RequestError } from "../lib/errors.ts";
import type { JobRequest } from "../lib/job/request.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import { requiredStorage } from "../lib/storage/required-storage.ts";
import type { RelatedStorage } from "../lib/storage/s3-relation.ts";
import { shownId } from "../lib/printable.ts";
import { decodeRequests, encodeRequests } from "../lib/wire/requests.ts";
import type { Database } from "./database.ts";
import { maxOpenJobs, type History } from "./history/history.ts";
import type { JobRecord } from "./history/job-record.ts";
import type { RestoreOptions } from "./job-options.ts";
import type { ManagerEndpoints, ManagerView } from "./manager-databags.ts";

/** What this side's own codec would refuse is not written in the first place. @throws RequestError */
export function refuseInvalid(request: JobRequest): void {
  const [rejected] = decodeRequests({ jobs: encodeRequests([request]) }).rejected;
  if (rejected === undefined) return;
  // Who asks for one job knows it by no place in a list.
  const [message, remedy] = [rejected.failure.message, rejected.failure.remedy].map((text) =>
    text.replaceAll("jobs[0].", ""),
  );
  throw new RequestError("request-invalid", message ?? "", { remedy: remedy ?? "" });
}

/** @throws RequestError where a restore says neither from what nor to when. */
export function requireTarget({ backupId, restoreToTime }: RestoreOptions): void {
  if (backupId !== undefined || restoreToTime !== undefined) return;
  throw new RequestError("request-invalid", "A restore needs a backup, a time, or both; neither is given.", {
    remedy:
      "Give backup-id=, as list-backups shows it, or restore-to-time=, for example 2026-01-31T18:00:00Z.",
  });
}

/** @throws RequestError where the other side might ignore a field that must not be ignored. */
export function requireFeature(database: Database, feature: string, what: string): void {
  if (database.features.has(feature)) return;
  throw new RequestError(
    "feature-missing",
    `${database.application} does not say that it can do ${what} (feature ${feature}), and might ignore it.`,
    { remedy: "Wait until it is ready if it was related a moment ago, or refresh its charm." },
  );
}

/** @throws RequestError where too many jobs are open. */
export function requireRoom(history: History): void {
  if (history.hasRoom) return;
  throw new RequestError(
    "request-invalid",
    `${maxOpenJobs} jobs are open already, and no more than that can be kept.`,
    {
      remedy: "Wait for some to end, or cancel some; list-jobs shows them.",
    },
  );
}

/** @throws RequestError where the charm has nowhere to keep what must be kept. */
export function requirePeers({ peers }: ManagerView, peerEndpoint: string): void {
  if (peers !== undefined) return;
  throw new RequestError(
    "request-invalid",
    `The charm has no peer relation ${peerEndpoint}, so it cannot keep schedules.`,
    {
      remedy: "Declare that peer endpoint in the charm's metadata, or wait until it is set up.",
    },
  );
}

/** @throws RequestError `job-unknown` */
export function knownJob(jobs: readonly JobRecord[], id: string): JobRecord {
  const job = jobs.findLast((candidate) => candidate.id === id);
  if (job === undefined) throw unknownJob(id);
  return job;
}

/** There is no job of this id. */
export function unknownJob(id: string): RequestError {
  return new RequestError("job-unknown", `There is no job ${shownId(id)}.`, {
    remedy: "Look for it with list-jobs.",
  });
}

/** @throws RequestError where a backup is known to be another database's. */
export function refuseOthersBackup(
  backup: string | undefined,
  { application }: Database,
  history: History,
): void {
  if (backup === undefined) return;
  const owners = history.ended.flatMap((job) => {
    const [said] = job.reports;
    const isMeant = said?.report.backupId === backup || said?.report.artefactPath === backup;
    return isMeant && job.type === "backup" ? [job.application] : [];
  });
  const [owner] = owners;
  if (owner === undefined || owners.includes(application)) return;
  throw new RequestError(
    "request-invalid",
    `${shownId(backup)} is a backup of ${owner}, not of ${application}.`,
    {
      remedy: `Name a backup of ${application}: list-backups database=${application}.`,
    },
  );
}

/**
 * The storage of a job.
 *
 * @param own What the caller brings.
 * @throws RequestError
 */
export function usableStorage(
  own: StorageConfig | undefined,
  storage: RelatedStorage,
  { juju, storageEndpoint }: Pick<ManagerEndpoints, "juju" | "storageEndpoint">,
): StorageConfig {
  if (own !== undefined) return own;
  const user = { application: juju.application, endpoint: storageEndpoint, role: "backup manager" };
  return requiredStorage(storage, user);
}
