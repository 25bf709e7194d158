import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { endPhases, phasesAtWork, type Phase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { observed } from "../../requirer/history/job-record.ts";
import { describeJob } from "../../requirer/job-story.ts";
import { jobsTable } from "../../requirer/tables.ts";
import { id, jobOf, relation, request, storage } from "./job-records.ts";

describe("the story of a job", () => {
  test("is all that request and report say", () => {
    const job = jobOf({
      phase: "succeeded",
      startedAt: "2026-03-01T10:00:01Z",
      finishedAt: "2026-03-01T10:05:00Z",
      progress: { percent: 100 },
      backupId: "label",
      artefactPath: "/p/backup/db/label/",
      sizeBytes: 2048,
      timeline: 2,
      logPath: "/p/database-backup/db/label/",
      message: "One file was skipped.",
    });
    expect(describeJob(job)).toEqual({
      "job-id": id,
      database: "postgresql",
      storage: 'bucket "backups", path "/p", at https://s3.amazonaws.com',
      relation,
      type: "backup",
      "backup-type": "differential",
      phase: "succeeded",
      status: "success",
      unit: "postgresql/0",
      "requested-at": "2026-03-01T10:00:00.123Z",
      "started-at": "2026-03-01T10:00:01Z",
      "finished-at": "2026-03-01T10:05:00Z",
      took: "4 min",
      "backup-id": "label",
      "artefact-path": "/p/backup/db/label/",
      size: "2.0 KiB",
      timeline: "2",
      "log-path": "/p/database-backup/db/label/",
      message: "One file was skipped.",
    });
  });

  test("of a failed restore says what was asked for, why it failed and what to do", () => {
    const restore: JobRequest = {
      id,
      type: "restore",
      artefactPath: "label",
      restoreToTime: "latest",
      compression: true,
      storage,
    };
    const said = {
      type: "restore",
      phase: "failed",
      errorCode: "pgbackrest-50",
      message: "Locked.",
      remedy: "Wait.",
    } as const;
    expect(describeJob(jobOf(said, restore))).toMatchObject({
      type: "restore",
      "artefact-requested": "label",
      "restore-to-time": "latest",
      status: "error",
      "error-code": "pgbackrest-50",
      message: "Locked.",
      remedy: "Wait.",
    });
  });

  test("that has not begun says so", () => {
    const fields = describeJob(jobOf(undefined));
    expect(fields).toMatchObject({
      phase: "requested",
      status: "running",
      message: "No unit has taken up this job yet.",
    });
    expect("unit" in fields).toBe(false);
    expect(describeJob(jobOf({ phase: "running" }))).not.toHaveProperty("message");
  });

  test("that runs says how far it is, and how long it may still take", () => {
    const said = { phase: "running", startedAt: "2026-03-01T10:00:00Z" } as const;
    const shownAt = (progress: JobReport["progress"], clock: string): string | undefined =>
      describeJob(
        jobOf({ ...said, ...(progress === undefined ? {} : { progress }) }),
        new Date(`2026-03-01T${clock}Z`),
      )["progress"];
    const half = { percent: 50.5, bytesDone: 1024, bytesTotal: 2048 };
    expect(shownAt(half, "10:10:06")).toBe("50 % (1.0 KiB of 2.0 KiB), about 9 min left");
    expect(shownAt({ percent: 25 }, "14:00:00")).toBe("25 %, about 12 h left");
    expect(shownAt({ percent: 1 }, "10:10:00")).toBe("1 %");
    expect(shownAt(half, "09:00:00")).toBe("50 % (1.0 KiB of 2.0 KiB)");
    expect(shownAt(undefined, "10:00:00")).toBeUndefined();
  });

  test("that two units report differently names both", () => {
    const both = observed(jobOf({ phase: "succeeded", fence: 2 }), [
      { unit: "postgresql/1", report: { phase: "lost", fence: 1 } },
    ]);
    expect(describeJob(both)).toMatchObject({
      phase: "succeeded",
      unit: "postgresql/0",
      "other-reports": "postgresql/1: lost",
    });
  });

  property.prop([fc.constantFrom<Phase>(...phasesAtWork, ...endPhases), fc.boolean()])(
    "holds texts under keys that Juju accepts, and no credentials",
    (phase, restore) => {
      const asked: JobRequest = restore
        ? { id, type: "restore", artefactPath: "label", compression: true, storage }
        : request;
      const fields = describeJob(jobOf({ phase }, asked));
      for (const [key, value] of Object.entries(fields)) {
        expect(key).toMatch(/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/);
        expect(typeof value).toBe("string");
      }
      expect(JSON.stringify([fields, jobsTable([jobOf({ phase }, asked)])])).not.toMatch(/canary|redacted/i);
    },
  );
});
