import { describe, expect, test } from "vitest";
import { canaryStorage, fileOf, plainReport, plainRequest, runWith } from "./command-run.ts";

const report = plainReport;
const request = plainRequest;

/** The problems that are printed for what a side wrote, without their places, remedies and sections. */
async function messages(
  side: string,
  content: unknown,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const { out } = await runWith(["validate", "--side", side, ...args], JSON.stringify(content));
  return out.map((line) =>
    line.replace(/^standard input:\d+:\d+: /, "").replace(/; expected .*|\. [A-Z].*/, ""),
  );
}

describe("what is checked", () => {
  test("nothing is said of what is right, in every shape, from files and from standard input", async () => {
    const files = [
      fileOf("databag.json", { jobs: JSON.stringify([request]) }),
      fileOf("expanded.json", { jobs: [request] }),
      fileOf("jobs.json", [request]),
      fileOf("databag.yaml", `jobs: '${JSON.stringify([request])}'\n`),
    ];
    expect(await runWith(["validate", "--side", "requirer", ...files])).toEqual({
      code: 0,
      out: [],
      err: [],
    });
    const input = JSON.stringify([request]);
    expect(await runWith(["validate", "--side=requirer"], input)).toEqual({ code: 0, out: [], err: [] });
    expect(await runWith(["validate", "--side=requirer", "-"], input)).toEqual({ code: 0, out: [], err: [] });
    expect(await runWith(["validate"], "{}")).toEqual({ code: 0, out: [], err: [] });
    expect(await runWith(["validate"], JSON.stringify([report]))).toEqual({ code: 0, out: [], err: [] });
  });

  test("a line for each problem has file, place, job, field, remedy and section", async () => {
    const wrong = { ...request, "job-id": "2", "job-type": "clone", "job-config": {}, "requested-at": "now" };
    const path = fileOf("requests.json", [request, wrong]);
    const { code, out } = await runWith(["validate", path]);
    expect(code).toBe(1);
    const start = JSON.stringify([request]).length + 1;
    expect(out).toEqual([
      `${path}:1:${start + '{"job-id":"2","job-type":'.length}: error: job "2": jobs[1].job-type is "clone"; expected "backup" or "restore". Set job-type to "backup" or "restore". (database_backup v0, Relation Data, Requirer)`,
      expect.stringContaining(
        'error: job "2": jobs[1].job-config.compression is missing; expected true or false.',
      ),
      expect.stringMatching(
        /: error: job "2": jobs\[1\]\.requested-at is "now"; .* \(juju-database-backup, The wire, Requests\)$/,
      ),
    ]);
  });

  test("what a provider says as a whole is checked, and not what it says of requests", async () => {
    const problems = [
      { field: "jobs", message: "jobs is a number; expected a list.", remedy: "Write a list." },
    ];
    const told = { features: ["backup-type"], "lib-version": "0.1", problems };
    expect(await runWith(["validate", fileOf("application.json", told)])).toMatchObject({ code: 0, out: [] });
    const wrong = {
      ...told,
      features: ["teleport"],
      "lib-version": "latest",
      backups: [{}],
      queue: '[{"job-id":"1","position":0}',
      problems: {},
    };
    expect(await messages("provider", wrong)).toEqual([
      'error: features[0] is "teleport"',
      'error: lib-version is "latest"',
      "error: problems holds an object",
      ...["backup-id", "type", "finished-at", "size-bytes", "timeline", "artefact-path"].map(
        (field) => `error: backups[0].${field} is missing`,
      ),
      "error: queue is not JSON: it ends before [ is closed",
    ]);
    const backups = Array.from({ length: 101 }, (_, index) => ({
      "backup-id": String(index),
      type: "full",
      "finished-at": "2026-01-01T00:00:00Z",
      "size-bytes": 1,
      timeline: 1,
      "artefact-path": "/a/",
    }));
    expect(await messages("provider", { backups })).toEqual(["error: backups has 101 items"]);
  });

  test("the side is told by fields that one side alone writes, else it is asked for", async () => {
    const plain = fileOf("plain.json", [request]);
    const wrong = fileOf("wrong.json", [{ ...report, fence: "1" }]);
    const { code, out, err } = await runWith(["validate", plain, wrong]);
    expect(code).toBe(2);
    expect(out).toEqual([expect.stringContaining("wrong.json")]);
    expect(err).toEqual([expect.stringContaining("Give --side provider or --side requirer.")]);
    expect(await runWith(["validate"], JSON.stringify([{ ...request, cancel: 1 }]))).toMatchObject({
      code: 1,
    });
    const both = [report, { ...request, "backup-type": "full" }];
    expect(await runWith(["validate"], JSON.stringify(both))).toMatchObject({ code: 2 });
  });
});

describe("hints", () => {
  test.each([
    ["job_id", "job-id"],
    ["Job-Type", "job-type"],
    ["storage-confg", "storage-config"],
  ])("a field that is missing may be there as %s", async (misspelt, field) => {
    const { [field as "job-id"]: value, ...rest } = request;
    const { code, out } = await runWith(
      ["validate", "--side=requirer"],
      JSON.stringify([{ ...rest, [misspelt]: value }]),
    );
    expect(code).toBe(1);
    expect(out).toEqual([
      expect.stringContaining(`Rename ${misspelt} to ${field}, if that is what it means.`),
    ]);
  });

  test("a name that looks like a field is a warning, whatever it is in", async () => {
    const job = {
      ...request,
      "storage-config": { ...canaryStorage, "end-point": "https://s3.example" },
      "artifact-path": "/a/",
      "shoe-size": 42,
    };
    expect(await messages("requirer", [job])).toEqual([
      'warning: job "1": jobs[0].storage-config.end-point is no field of the interface; endpoint is',
      'warning: job "1": jobs[0].artifact-path is no field of the interface; artefact-path is',
    ]);
    const misspelt = { ...request, "job-config": { compresion: true } };
    const { out } = await runWith(["validate", "--side=requirer"], JSON.stringify([misspelt]));
    expect(out.map((line) => /Rename .*?means\./.exec(line)?.[0])).toEqual([
      "Rename job-config.compresion to compression, if that is what it means.",
      "Rename job-config.compresion to compression, if that is what it means.",
    ]);
    expect(await messages("requirer", { Jobs: "[]" })).toEqual([
      "warning: Jobs is no key of the interface; jobs is",
    ]);
  });

  test("all commas that are missing or too many are told", async () => {
    const jobs = '[\n {"a": 1\n  "b": [1, 2,],\n },\n]';
    const { code, out } = await runWith(["validate", "--side=requirer"], jobs);
    expect(code).toBe(1);
    expect(out.map((line) => line.replace(/\. .*/, ""))).toEqual([
      "standard input:3:3: error: jobs is not JSON: a comma is missing before this place",
      "standard input:3:13: error: jobs is not JSON: a comma stands before ]",
      "standard input:3:15: error: jobs is not JSON: a comma stands before }",
      "standard input:4:3: error: jobs is not JSON: a comma stands before ]",
    ]);
    // The same inside of a string.
    const { out: inside } = await runWith(["validate", "--side=requirer"], JSON.stringify({ jobs }));
    expect(inside.map((line) => line.slice(0, line.indexOf(": error")))).toEqual([
      "standard input:1:27",
      "standard input:1:39",
      "standard input:1:41",
      "standard input:1:46",
    ]);
  });
});

describe("what version 0 leaves open", () => {
  const cases: readonly [string, "provider" | "requirer", readonly unknown[], readonly string[]][] = [
    [
      "an id that is there twice",
      "requirer",
      [request, request],
      ['job "1": jobs[1].job-id is "1", the id of jobs[0]; only jobs[0] counts'],
    ],
    ["an id that is empty", "requirer", [{ ...request, "job-id": "" }], ["jobs[0].job-id is empty"]],
    [
      "a restore that names nothing",
      "requirer",
      [{ ...request, "job-type": "restore" }],
      ['job "1": jobs[0].artefact-path is missing, and so is jobs[0].restore-to-time'],
    ],
    [
      "a request without keys",
      "requirer",
      [{ ...request, "storage-config": { ...canaryStorage, "access-key": " " } }],
      ['job "1": jobs[0].storage-config.access-key is empty, and there is no jobs[0].secret-extra'],
    ],
    [
      "a day that is none",
      "requirer",
      [{ ...request, "requested-at": "2026-02-30T00:00:00Z" }],
      ['job "1": jobs[0].requested-at is "2026-02-30T00:00:00Z", which is no day of the calendar'],
    ],
    [
      "a day of a report that is none",
      "provider",
      [{ ...report, "started-at": "2026-02-30T00:00:00Z" }],
      ['job "1": jobs[0].started-at is "2026-02-30T00:00:00Z", which is no day of the calendar'],
    ],
    [
      "an error without a message",
      "provider",
      [{ ...report, status: "error", phase: "failed", message: " " }],
      ['job "1": jobs[0].status is "error", and jobs[0].message is empty'],
    ],
    [
      "a phase that does not fit",
      "provider",
      [{ ...report, phase: "failed" }],
      [
        'job "1": jobs[0].phase is "failed" and jobs[0].status is "success", which contradict each other; the status counts',
      ],
    ],
    [
      "a credential in a report",
      "provider",
      [{ ...report, "storage-config": canaryStorage }],
      [
        'job "1": jobs[0].storage-config.access-key and jobs[0].storage-config.secret-key repeat the keys of the request',
      ],
    ],
    [
      "a report among requests",
      "requirer",
      [report],
      [
        'job "1": jobs[0] has fields that only a provider writes; it is checked as what a requirer wrote',
        'job "1": jobs[0].storage-config.access-key and jobs[0].storage-config.secret-key are empty, and there is no jobs[0].secret-extra',
      ],
    ],
  ];
  test.each(cases)("%s is a warning, and an error with --strict", async (_, side, jobs, expected) => {
    const input = JSON.stringify(jobs);
    expect(await messages(side, jobs)).toEqual(expected.map((message) => `warning: ${message}`));
    expect(await messages(side, jobs, "--strict")).toEqual(expected.map((message) => `error: ${message}`));
    expect(await runWith(["validate", "--side", side], input)).toMatchObject({ code: 0 });
    expect(await runWith(["validate", "--side", side, "--strict"], input)).toMatchObject({ code: 1 });
  });

  test("a name that stands twice, in the text or in a value", async () => {
    const { code, out } = await runWith(
      ["validate"],
      '{"jobs": "[]",\n "jobs": "[{\\"a\\":1,\\n\\"a\\":2}]"}',
    );
    expect(code).toBe(2);
    const { out: told } = await runWith(
      ["validate", "--side=requirer"],
      `{"jobs": "[]",\n "jobs": ${JSON.stringify(JSON.stringify([request]).replace("{", '{"job-id":1,'))}}`,
    );
    expect(out).toEqual([]);
    expect(told.map((line) => line.replace(/\. .*/, ""))).toEqual([
      "standard input:2:2: warning: jobs stands twice; readers differ in which of the two counts",
      "standard input:2:26: warning: jobs[0].job-id stands twice; readers differ in which of the two counts",
    ]);
  });

  test("a databag with nothing of the interface in it", async () => {
    expect(await runWith(["validate"], '{"egress-subnets": "10.0.0.0/8"}')).toMatchObject({
      code: 0,
      out: [
        expect.stringContaining("warning: none of its keys is of the interface; expected jobs, features"),
      ],
    });
  });
});

describe("formats", () => {
  const wrong = [
    { ...request, "job-id": "1:a,b%", "job-type": "clone" },
    { ...request, "job-type": "restore" },
  ];

  test("JSON is one object for all files", async () => {
    const file = fileOf("format.json", wrong);
    const { code, out } = await runWith([
      "validate",
      "--side=requirer",
      "--format=json",
      file,
      "nowhere.json",
    ]);
    expect(code).toBe(2);
    expect(JSON.parse(out.join("\n"))).toEqual({
      errors: 1,
      warnings: 1,
      files: [
        {
          file,
          errors: 1,
          warnings: 1,
          unlisted: { errors: 0, warnings: 0 },
          problems: [
            {
              rule: "schema",
              severity: "error",
              line: 1,
              column: 32,
              side: "requirer",
              job: "1:a,b%",
              path: "jobs[0].job-type",
              message: 'jobs[0].job-type is "clone"; expected "backup" or "restore".',
              expected: '"backup" or "restore"',
              remedy: 'Set job-type to "backup" or "restore".',
              section: "database_backup v0, Relation Data, Requirer",
            },
            expect.objectContaining({
              rule: "restore-target",
              severity: "warning",
              path: "jobs[1].artefact-path",
            }),
          ],
        },
        {
          file: "nowhere.json",
          unreadable: {
            message: "cannot be read (ENOENT).",
            remedy: "Name a file that is there and may be read.",
          },
        },
      ],
    });
  });

  test("annotations of GitHub name file, line and column, and escape what would end them", async () => {
    const file = fileOf("a,b:c.json", wrong);
    const { code, out, err } = await runWith(["validate", "--side=requirer", "--format=github", file]);
    expect({ code, err }).toEqual({ code: 1, err: [] });
    expect(out).toEqual([
      `::error file=${file.replace("a,b:c", "a%2Cb%3Ac")},line=1,col=32,title=database_backup%2C schema::job "1:a,b%25": jobs[0].job-type is "clone"; expected "backup" or "restore". Set job-type to "backup" or "restore". (database_backup v0, Relation Data, Requirer)`,
      expect.stringMatching(
        /^::warning file=.*,line=1,col=\d+,title=database_backup%2C restore-target::job "1": /,
      ),
    ]);
    const broken = await runWith(["validate", "--format=github"], '{"a" 1}');
    expect(broken).toEqual({
      code: 2,
      err: [],
      out: [
        expect.stringMatching(/^::error line=1,col=6,title=database_backup::standard input: not JSON: at/),
      ],
    });
  });

  test("what is not listed is counted", async () => {
    const input = JSON.stringify(Array.from({ length: 1_010 }, () => 1));
    const { code, out } = await runWith(["validate", "--side=requirer"], input);
    expect(code).toBe(1);
    expect(out).toHaveLength(1_001);
    expect(out.at(-1)).toMatch(/: 10 more errors and 0 more warnings are not listed\./);
    const { out: annotated } = await runWith(["validate", "--side=requirer", "--format=github"], input);
    expect(annotated.at(-1)).toMatch(/^::notice title=database_backup::10 more errors/);
  });
});
