/**
 * A job of a manager's history, for tests of what an admin reads.
 *
 * @module
 */
import type { JobReport } from "../../lib/job/report.ts";
import type { BackupRequest, JobRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { recordOf } from "../../requirer/history/job-book.ts";
import { observed, type JobRecord } from "../../requirer/history/job-record.ts";

export const relation = "database-backup:3";
export const storage: StorageConfig = {
  bucket: "/backups/",
  path: "p",
  credentials: new Credentials("AKIACANARY", "secret-canary"),
};
export const id = "0197c2a4-6f0e-7c44-9d0f-0123456789ab";
export const request: BackupRequest = {
  id,
  type: "backup",
  backupType: "differential",
  compression: true,
  storage,
  requestedAt: "2026-03-01T10:00:00.123Z",
};
export const report: JobReport = { id, type: "backup", storage: { bucket: "backups" }, phase: "running" };

export const database: { readonly relation: string; readonly application: string } = {
  relation,
  application: "postgresql",
};

export function jobOf(
  said: Partial<JobReport> | undefined,
  asked: JobRequest = request,
  unit: string = "postgresql/0",
): JobRecord {
  const reports = said === undefined ? [] : [{ unit, report: { ...report, ...said } }];
  return observed(recordOf(asked, database), reports);
}
