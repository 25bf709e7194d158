import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { validateExtendedRequirerJob, validateRequirerDatabag } from "../../lib/wire/generated/validators.js";
import { decodeRequests, encodeRequests, type DecodedRequests } from "../../lib/wire/index.ts";
import { readList } from "../../lib/wire/list-value.ts";
import { request, wireRequest } from "./wire-arbitraries.ts";

const good = {
  "job-id": "good",
  "job-type": "backup",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": { bucket: "b", "access-key": "a", "secret-key": "s" },
};
const { "job-type": _type, ...withoutType } = good;
const restore = { ...good, "job-id": "bad", "job-type": "restore" };

function decode(jobs: unknown): DecodedRequests {
  return decodeRequests({ jobs: JSON.stringify(jobs) });
}

function unwrapped(requests: DecodedRequests["requests"]): unknown {
  return requests.map(({ storage: { credentials, ...storage }, ...rest }) => ({
    ...rest,
    storage: { ...storage, ...credentials.reveal() },
  }));
}

describe("requests on the wire", () => {
  test("come back as they were sent", () => {
    fc.assert(
      fc.property(fc.uniqueArray(request, { selector: ({ id }) => id, maxLength: 4 }), (requests) => {
        const decoded = decodeRequests({ jobs: encodeRequests(requests) });
        expect(decoded.rejected).toEqual([]);
        expect(decoded.problems).toEqual([]);
        expect(unwrapped(decoded.requests)).toEqual(unwrapped(requests));
      }),
    );
  });

  test("are valid as they are sent", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 3 }), (requests) => {
        const jobs = readList({ jobs: encodeRequests(requests) }, "jobs").items;
        expect(validateRequirerDatabag({ jobs })).toBe(true);
        for (const job of jobs) expect(validateExtendedRequirerJob(job)).toBe(true);
      }),
    );
  });

  test("are accepted where version 0 accepts them", () => {
    fc.assert(
      fc.property(fc.uniqueArray(wireRequest, { selector: (job) => job["job-id"], maxLength: 4 }), (jobs) => {
        expect(validateRequirerDatabag({ jobs })).toBe(true);
        const { requests, rejected, problems } = decode(jobs);
        expect([...rejected, ...problems]).toEqual([]);
        expect(requests.map(({ id }) => id)).toEqual(jobs.map((job) => job["job-id"]));
      }),
    );
  });

  test.each([{}, { jobs: "" }, { jobs: " \n" }, { jobs: "[]" }])(
    "%j holds no request and no problem",
    (databag) => {
      expect(decodeRequests(databag)).toEqual({ requests: [], rejected: [], problems: [] });
    },
  );

  test("a backup is full unless it says otherwise", () => {
    expect(decode([good]).requests).toMatchObject([{ type: "backup", backupType: "full" }]);
    expect(decode([{ ...good, "backup-type": "incremental" }]).requests).toMatchObject([
      { backupType: "incremental" },
    ]);
  });

  test("a restore may name a time alone, in any notation of RFC 3339", () => {
    const timed = { ...restore, "restore-to-time": "2026-01-02t03:04:05+01:00", "restore-timeline": 2 };
    expect(decode([timed]).requests).toMatchObject([
      { type: "restore", restoreToTime: "2026-01-02T03:04:05+01:00", restoreTimeline: 2 },
    ]);
  });

  test("keys that travel in a secret are empty", () => {
    const storage = { ...good["storage-config"], "access-key": "", "secret-key": "" };
    const job = { ...good, "storage-config": storage, "secret-extra": "secret:d4f2k8vmp25c7612lk10" };
    expect(decode([job]).requests[0]?.storage.credentials.present).toBe(false);
  });

  test("empty texts of the storage are none", () => {
    const storage = { ...good["storage-config"], path: "", endpoint: "", region: "", "tls-ca-chain": [] };
    const [decoded] = decode([{ ...good, "storage-config": storage }]).requests;
    expect(Object.keys(decoded?.storage ?? {})).toEqual(["bucket", "credentials"]);
  });
});

describe("problems with the list of jobs", () => {
  test.each([
    ['[{"job-id": "a",}]', "at line 1, column 16, a comma stands before }", "Remove that comma."],
    [
      '[\n  {"a": 1}\n  {"b": 2}\n]',
      "at line 3, column 3, a comma is missing before this place",
      "Insert the missing comma.",
    ],
    [
      "[{'job-id': 'a'}]",
      "at line 1, column 3, a single quote stands here",
      "Put texts in double quotes, as a JSON library does.",
    ],
    ['[{"job-id": "a"', "at line 1, column 16, it ends before { is closed", "Write the value to its end."],
  ])("%j is not JSON", (jobs, where, remedy) => {
    expect(decodeRequests({ jobs })).toEqual({
      requests: [],
      rejected: [],
      problems: [{ field: "jobs", message: `jobs is not JSON: ${where}.`, remedy }],
    });
  });

  test.each([
    [{}, "an object"],
    ["[]", "a string"],
    [null, "null"],
    [7, "a number"],
  ])("%j is no list", (jobs, kind) => {
    expect(decode(jobs).problems).toEqual([
      {
        field: "jobs",
        message: `jobs holds ${kind}; expected a list.`,
        remedy: "Write jobs as a JSON list.",
      },
    ]);
  });

  test.each([
    ["text", "a string"],
    [null, "null"],
    [[], "a list"],
  ])("the item %j is no object; the other jobs are kept", (item, kind) => {
    const decoded = decode([item, good]);
    expect(decoded.problems).toEqual([
      {
        field: "jobs[0]",
        message: `jobs[0] is ${kind}; expected an object.`,
        remedy: "Write each job as an object.",
      },
    ]);
    expect(decoded.requests.map(({ id }) => id)).toEqual(["good"]);
  });

  test.each([
    [undefined, "missing"],
    ["", '""'],
    [7, "7"],
    [{ id: 1 }, "an object"],
  ])("the job id %j is none; the other jobs are kept", (id, shown) => {
    const decoded = decode([{ ...good, "job-id": id }, good]);
    expect(decoded.problems).toEqual([
      {
        field: "jobs[0].job-id",
        message: `jobs[0].job-id is ${shown}; expected a string that is not empty.`,
        remedy: "Give each job an id of its own.",
      },
    ]);
    expect(decoded.requests.map(({ id: kept }) => kept)).toEqual(["good"]);
    expect(decoded.rejected).toEqual([]);
  });

  test("of two jobs with one id the first counts, also when it is rejected", () => {
    const second = { ...good, "job-config": { compression: false } };
    const problem = {
      field: "jobs[1].job-id",
      message: 'jobs[1].job-id is "good", the id of jobs[0]; only jobs[0] counts.',
      remedy: "Give each job an id of its own.",
    };
    const decoded = decode([good, second]);
    expect(decoded.requests).toMatchObject([{ id: "good", compression: true }]);
    expect(decoded.problems).toEqual([problem]);

    const ofRejected = decode([withoutType, second]);
    expect(ofRejected.requests).toEqual([]);
    expect(ofRejected.rejected.map(({ id }) => id)).toEqual(["good"]);
    expect(ofRejected.problems).toEqual([problem]);
  });
});
