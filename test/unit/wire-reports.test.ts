import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { isEnd, statusOf } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import { validateExtendedProviderJob, validateProviderDatabag } from "../../lib/wire/generated/validators.js";
import { decodeReports, encodeReports, type DecodedReports } from "../../lib/wire/index.ts";
import { isObject, readList, type JsonObject } from "../../lib/wire/list-value.ts";
import { report, storage, wireReport } from "./wire-arbitraries.ts";

const good = {
  "job-id": "good",
  "job-type": "backup",
  status: "success",
  "storage-interface": "s3",
  "storage-config": { bucket: "b", "access-key": "", "secret-key": "" },
};
const { status: _status, ...withoutStatus } = good;

function decode(jobs: unknown): DecodedReports {
  return decodeReports({ jobs: JSON.stringify(jobs) });
}

function encoded(reports: readonly JobReport[]): readonly JsonObject[] {
  return readList({ jobs: encodeReports(reports) }, "jobs").items.filter(isObject);
}

function hasBadEnd({ phase }: JobReport): boolean {
  return isEnd(phase) && phase !== "succeeded";
}

describe("reports on the wire", () => {
  test("come back as they were sent", () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 4 }), (reports) => {
        const decoded = decodeReports({ jobs: encodeReports(reports) });
        expect(decoded.problems).toEqual([]);
        expect(decoded.reports).toEqual(
          reports.map(({ storage: place, ...rest }, index) => ({
            ...rest,
            storage: place,
            ...(hasBadEnd({ ...rest, storage: place }) && rest.message === undefined
              ? { message: decoded.reports[index]?.message }
              : {}),
          })),
        );
      }),
    );
  });

  test("are valid as they are sent", () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 3 }), (reports) => {
        const jobs = encoded(reports);
        expect(validateProviderDatabag({ jobs })).toBe(true);
        for (const [index, job] of jobs.entries()) {
          expect(validateExtendedProviderJob(job)).toBe(true);
          const sent = reports[index];
          expect(job["status"]).toBe(sent && statusOf(sent.phase));
          expect(job["status"] === "error" && (job["message"] ?? "") === "").toBe(false);
        }
      }),
    );
  });

  test("name the place and never the keys", () => {
    fc.assert(
      fc.property(report, storage, (sent, requested) => {
        const [job] = encoded([{ ...sent, storage: requested }]);
        const { bucket, path, endpoint, region } = requested;
        const place = Object.entries({ bucket, path, endpoint, region }).filter(
          ([, value]) => value !== undefined,
        );
        expect(job?.["storage-config"]).toEqual({
          ...Object.fromEntries(place),
          "access-key": "",
          "secret-key": "",
        });
      }),
    );
  });

  test("are read where version 0 accepts them", () => {
    fc.assert(
      fc.property(fc.array(wireReport, { maxLength: 4 }), (jobs) => {
        expect(validateProviderDatabag({ jobs })).toBe(true);
        const { reports, problems } = decode(jobs);
        expect(problems).toEqual([]);
        expect(reports.map(({ id }) => id)).toEqual(jobs.map((job) => job["job-id"]));
      }),
    );
  });

  test.each([
    ["running", "running"],
    ["success", "succeeded"],
    ["error", "failed"],
  ])("without a phase %s is %s", (status, phase) => {
    expect(decode([{ ...good, status }]).reports).toMatchObject([{ phase }]);
  });

  test.each([
    ["failed", "The job failed; why is not known."],
    ["rejected", "The job cannot be run; why is not known."],
    ["cancelled", "The job was cancelled."],
    ["expired", "The job had not started by its deadline."],
    ["lost", "The process that ran the job is gone, and left no result."],
  ] as const)("%s without a message gets one", (phase, message) => {
    const bare: JobReport = { id: "a", type: "backup", storage: { bucket: "b" }, phase };
    expect(encoded([bare])).toMatchObject([{ status: "error", message }]);
    expect(encoded([{ ...bare, message: "" }])).toMatchObject([{ status: "error", message }]);
    expect(encoded([{ ...bare, message: "because" }])).toMatchObject([{ message: "because" }]);
  });
});

describe("reports that are not as they should be", () => {
  test("the status counts where the phase contradicts it", () => {
    const { reports, problems } = decode([{ ...good, status: "error", phase: "succeeded" }]);
    expect(reports).toMatchObject([{ phase: "failed" }]);
    expect(problems).toEqual([
      {
        field: "jobs[0].phase",
        message:
          'jobs[0].phase is "succeeded" and jobs[0].status is "error", which contradict each other; the status counts.',
        remedy: "Report a phase that fits the status.",
      },
    ]);
  });

  test.each([
    [
      "phase",
      "dancing",
      '"dancing"',
      '"requested", "waiting", "granted", "starting", "running", "finalizing", "succeeded", "failed", "rejected", "cancelled", "expired" or "lost"',
    ],
    ["size-bytes", "much", '"much"', "a whole number of at least 0"],
    ["started-at", "then", '"then"', "a time as RFC 3339 in UTC"],
    ["progress", 50, "a number", "an object"],
    ["message", 7, "7", "a string"],
    ["fence", -1, "-1", "a whole number of at least 0"],
  ])("a bad %s is left out and named", (field, value, shown, expected) => {
    const { reports, problems } = decode([{ ...good, [field]: value, timeline: 3 }]);
    expect(reports).toEqual([
      { id: "good", type: "backup", storage: { bucket: "b" }, phase: "succeeded", timeline: 3 },
    ]);
    expect(problems).toEqual([
      {
        field: `jobs[0].${field}`,
        message: `jobs[0].${field} is ${shown}; expected ${expected}.`,
        remedy: `Set ${field} to ${expected}.`,
      },
    ]);
  });

  test("a bad part of the progress takes all of it away", () => {
    const { reports, problems } = decode([{ ...good, progress: { percent: 101 } }]);
    expect(reports[0]).not.toHaveProperty("progress");
    expect(problems.map(({ message }) => message)).toEqual([
      "jobs[0].progress.percent is 101; expected a number from 0 to 100.",
    ]);
  });

  test("a report without its storage is read", () => {
    const { reports, problems } = decode([{ "job-id": "a", status: "error", message: "no" }]);
    expect(reports).toEqual([
      { id: "a", type: "backup", storage: { bucket: "" }, phase: "failed", message: "no" },
    ]);
    expect(problems.map(({ field }) => field)).toEqual([
      "jobs[0].job-type",
      "jobs[0].storage-interface",
      "jobs[0].storage-config",
    ]);
  });

  test.each([
    [withoutStatus, "jobs[0].status", 'jobs[0].status is missing; expected "running", "success" or "error".'],
    [
      { ...good, status: "done" },
      "jobs[0].status",
      'jobs[0].status is "done"; expected "running", "success" or "error".',
    ],
    [
      { ...good, "job-id": "" },
      "jobs[0].job-id",
      'jobs[0].job-id is ""; expected a string that is not empty.',
    ],
    ["text", "jobs[0]", "jobs[0] is a string; expected an object."],
  ])("%j is no report; the others are kept", (job, field, message) => {
    const { reports, problems } = decode([job, good]);
    expect(reports.map(({ id }) => id)).toEqual(["good"]);
    expect(problems).toMatchObject([{ field, message }]);
  });

  test.each([{}, { jobs: "" }])("%j holds no report and no problem", (databag) => {
    expect(decodeReports(databag)).toEqual({ reports: [], problems: [] });
  });

  test("what is not JSON is a problem", () => {
    expect(decodeReports({ jobs: "{" }).problems).toEqual([
      {
        field: "jobs",
        message: "jobs is not JSON: at line 1, column 2, it ends before { is closed.",
        remedy: "Write the value to its end.",
      },
    ]);
  });
});
