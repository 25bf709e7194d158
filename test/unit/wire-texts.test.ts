import { Credentials } from "../../lib/job/storage-config.ts";
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { relationSetInput } from "../../lib/juju/relation-set-input.ts";
import { printable, printableLines } from "../../lib/printable.ts";
import { readSettingsFile } from "../../lib/testing/hook-tools/settings-file.ts";
import {
  decodeProviderApplication,
  decodeReports,
  decodeRequests,
  decodeS3,
  encodeProviderApplication,
  encodeReports,
  encodeRequests,
} from "../../lib/wire/index.ts";
import type { RelatedDatabase } from "../../requirer/database.ts";
import { History } from "../../requirer/history/history.ts";
import { broughtUpToDate, recordOf, strayJobs } from "../../requirer/history/job-book.ts";
import { summarise } from "../../requirer/status.ts";
import { describeJob } from "../../requirer/job-story.ts";
import { backupsTable, databasesTable, jobsTable } from "../../requirer/tables.ts";
import { textPaths, withTextAt, type TextPath } from "./schema-texts.ts";

const nasty: readonly string[] = [
  "\0",
  "\u001b[31mred\u001b[0m\u001b]0;title\u0007\u009b2J",
  "line\nline\r\nline\ttab\u0085\u2028\u2029",
  "\ufeffmark \ufffe\uffff",
  "\ud800",
  "half \udfff and \ud83d half",
  "😀👩‍👩‍👧🏳️‍🌈",
  "\u202etxt.exe\u2066\u200b\u00ad\u{e0041}",
  "__proto__",
  "constructor",
  "toString",
  "",
  " ",
  "\u0301".repeat(1_000),
  "x".repeat(65_536),
  "k".repeat(1_024),
  `'"\`$(){}[];|&<>*?!#%~\\: - `,
  "null",
  "9".repeat(400),
  Buffer.from([0xff, 0xfe, 0xc3, 0x28]).toString("utf8"),
];
const texts = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
);

const storage = {
  bucket: "b",
  "access-key": "a",
  "secret-key": "s",
  "tls-ca-chain": ["pem"],
  attributes: ["x"],
};
const request = {
  "job-id": "job",
  "job-type": "restore",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": storage,
  "artefact-path": "/a",
};
const report = {
  ...request,
  status: "error",
  message: "m",
  "storage-config": { ...storage, "access-key": "", "secret-key": "" },
};
const backup = {
  "backup-id": "b",
  type: "full",
  "finished-at": "2026-01-02T03:04:05Z",
  "size-bytes": 1,
  timeline: 1,
  "artefact-path": "/a",
};
const problem = { field: "f", message: "m", remedy: "r" };

/** What the other side reads of what this side writes: through relation-set, Juju's YAML, and relation-get. */
function carried(databag: Readonly<Record<string, string>>): Record<string, string> {
  const settings = Object.fromEntries(readSettingsFile(relationSetInput(databag)));
  const read: Record<string, string> = JSON.parse(JSON.stringify(settings));
  return read;
}

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function expectLines(lines: readonly (string | undefined)[]): void {
  for (const line of lines) expect(line ?? "").not.toMatch(unprintable);
}

/** Everything that an admin reads of a database. */
function expectReadable(database: Partial<RelatedDatabase>): void {
  const related = { bucket: "b", credentials: new Credentials("key", "secret") };
  const complete = { complete: true, problems: [], storage: related } as const;
  const shown: RelatedDatabase = {
    relation: "database-backup:1",
    application: "database",
    features: new Set(),
    requests: [],
    unread: [],
    reports: [],
    queue: [],
    problems: [],
    ...database,
  };
  const now = new Date("2026-03-01T13:00:00Z");
  const asked = shown.requests.map((one) => recordOf(one, shown));
  const reported = strayJobs(new History(), [{ ...shown, requests: [] }]).map(
    ({ isUnknown: _isUnknown, ...job }) => job,
  );
  const jobs = [...asked, ...reported];
  expect(jobs.length).toBe(shown.requests.length + shown.reports.length);
  expectLines(jobsTable(jobs).split("\n"));
  expectLines(databasesTable([{ ...shown, keys: "secret" }], jobs, now).split("\n"));
  expectLines([
    summarise({ databases: [shown], storage: complete, history: { jobs } }, [], "s3", now).message,
  ]);
  for (const job of jobs) expectLines(Object.values(describeJob(job, now)));
  expectLines(shown.problems.flatMap(({ field, message, remedy }) => [field, message, remedy]));
  expectLines(backupsTable(shown.backups).split("\n"));
}

/** Checks a field with each text of the list and with some that nobody thought of. */
function forEachText(check: (text: string) => void): void {
  for (const text of nasty) check(text);
  fc.assert(fc.property(texts, check));
}

function named(paths: readonly TextPath[]): readonly (readonly [string, TextPath])[] {
  return paths.map((path) => [path.join("."), path] as const);
}

const ofRequests = textPaths("database_backup/v0/extensions", "/$defs/request");
const ofReports = textPaths("database_backup/v0/extensions", "/$defs/report");
const ofBackups = textPaths("database_backup/v0/extensions", "/$defs/published-backup");
const ofProblems = textPaths("database_backup/v0/extensions", "/$defs/problem");
const ofS3 = textPaths("s3/v0/provider", "");

test("the walk through the schemas finds fields of every depth", () => {
  expect(ofRequests.map((path) => path.join("."))).toEqual(
    expect.arrayContaining([
      "job-id",
      "storage-config.bucket",
      "storage-config.tls-ca-chain.0",
      "requested-at",
      "schedule.name",
    ]),
  );
  expect(ofReports.map((path) => path.join("."))).toEqual(
    expect.arrayContaining(["message", "remedy", "error-code", "storage-config.path"]),
  );
  expect(ofBackups.length).toBeGreaterThan(3);
  expect(ofProblems).toHaveLength(3);
  expect(ofS3.length).toBeGreaterThan(8);
});

describe.each(named(ofRequests))("any text as %s of a request", (_, path) => {
  test("is read or rejected, comes back as it was, and can be shown", () => {
    forEachText((text) => {
      const jobs = JSON.stringify([withTextAt(request, path, text)]);
      const { requests, rejected, problems } = decodeRequests(carried({ jobs }));
      expect(requests.length + rejected.length + problems.length).toBe(1);
      const written = carried({ jobs: encodeRequests(requests) });
      expect(decodeRequests(written).requests).toEqual(requests);
      expect(requests[0]?.storage.credentials.reveal()).toEqual(
        decodeRequests(written).requests[0]?.storage.credentials.reveal(),
      );
      expectLines(rejected.flatMap(({ failure }) => [failure.message, failure.remedy]));
      expectReadable({ requests, problems });
      const reports = rejected.map(({ failure, ...rest }) => ({
        ...rest,
        phase: "rejected" as const,
        ...failure,
      }));
      expect(decodeReports(carried({ jobs: encodeReports(reports) })).problems).toEqual([]);
    });
  });
});

describe.each(named(ofReports))("any text as %s of a report", (_, path) => {
  test("is read as far as it can be, comes back as it was, and can be shown", () => {
    forEachText((text) => {
      const jobs = JSON.stringify([withTextAt(report, path, text)]);
      const { reports, problems } = decodeReports(carried({ jobs }));
      expect(reports.length + problems.length).toBeGreaterThan(0);
      const again = decodeReports(carried({ jobs: encodeReports(reports) })).reports;
      // An end without a reason is written with one.
      expect(again.map(({ message: _message, ...rest }) => rest)).toEqual(
        reports.map(({ message: _message, ...rest }) => rest),
      );
      expectReadable({ reports: reports.map((one) => ({ unit: "database/0", report: one })), problems });
    });
  });
});

describe.each([
  ...named(ofBackups).map(([name, path]) => [name, "backups", backup, path] as const),
  ...named(ofProblems).map(([name, path]) => [name, "problems", problem, path] as const),
  ["a feature", "features", "backups", []] as const,
])("any text as %s of %s", (_, key, item, path) => {
  test("is read or said to be wrong, comes back as it was, and can be shown", () => {
    forEachText((text) => {
      const databag = carried({ [key]: JSON.stringify([withTextAt(item, path, text)]) });
      const { problems, backups } = decodeProviderApplication(databag);
      expectReadable({ problems, ...(backups === undefined ? {} : { backups }) });
      const again = carried(
        encodeProviderApplication({ features: [], libVersion: "0.1", problems, backups }),
      );
      expect(decodeProviderApplication(again)).toMatchObject({ problems, backups });
    });
  });
});

test("any text as a key or a value of an application's databag that is none of ours", () => {
  forEachText((text) => {
    const key = `${text.slice(0, 200)}.`;
    const databag = { jobs: JSON.stringify([request]), [key]: text };
    expect(decodeRequests(carried(databag)).requests).toHaveLength(1);
    expect(carried(databag)[key.toWellFormed()] ?? "").toBe(text.toWellFormed());
  });
});

describe.each(named(ofS3))("any text as %s of an s3 relation", (_, path) => {
  test("is read, and what it is read as is the same after Juju has carried it", () => {
    forEachText((text) => {
      const [key = "", ...rest] = path;
      const value = rest.length === 0 ? text : JSON.stringify(withTextAt([], rest, text));
      const databag = { bucket: "b", "access-key": "a", "secret-key": "s", [key]: value };
      const decoded = decodeS3(carried(databag));
      const wellFormed = Object.fromEntries(
        Object.entries(databag).map(([name, one]) => [name, one.toWellFormed()]),
      );
      expect(decoded).toEqual(decodeS3(wellFormed));
      if (decoded.complete) expectLines(decoded.problems.flatMap(({ message, remedy }) => [message, remedy]));
    });
  });
});

describe("jobs written by hand", () => {
  const nested = (levels: number): string => `${'{"a":['.repeat(levels)}1${"]}".repeat(levels)}`;
  test.each([
    ["nested ten thousand levels deep", `"deep":${nested(10_000)}`],
    ["with huge numbers", `"huge":${"9".repeat(10_000)},"tiny":1e-999,"x":-1e999`],
    ["with a key twice", `"job-type":"clone","job-type":"restore"`],
    ["with thousands of fields", Array.from({ length: 5_000 }, (_, n) => `"f${n}":${n}`).join(",")],
    ["with the keys of every object", `"__proto__":{"job-id":"x"},"constructor":1,"toString":null`],
  ])("%s are read", (_, more) => {
    const job = JSON.stringify(request).replace("{", `{${more},`);
    const { requests, problems } = decodeRequests(carried({ jobs: `[${job}]` }));
    expect(problems).toEqual([]);
    expect(requests).toMatchObject([{ id: "job", type: "restore", artefactPath: "/a" }]);
  });

  test("with the names of every object as ids are jobs like any other", () => {
    const ids = ["__proto__", "constructor", "toString", "hasOwnProperty", "then"];
    const { requests, rejected } = decodeRequests({
      jobs: JSON.stringify(ids.map((id) => ({ ...request, "job-id": id }))),
    });
    expect(requests.map(({ id }) => id)).toEqual(ids);
    expect(rejected).toEqual([]);
    const reports = ids.map((id) => ({
      unit: "database/0",
      report: { id, type: "backup", storage: { bucket: "b" }, phase: "lost" } as const,
    }));
    const database = {
      relation: "database-backup:1",
      application: "db",
      features: new Set<string>(),
      problems: [],
      requests,
      unread: [],
      reports,
      queue: [],
    };
    const { jobs } = broughtUpToDate({ history: new History(), databases: [database] });
    expect(jobs.map(({ id, phase }) => [id, phase])).toEqual(ids.map((id) => [id, "lost"]));
  });
});

describe("what is made printable", () => {
  test("shows on one line what would act upon a terminal", () => {
    expect(printable("a\n\u001b[1mb\u009b\t\u202e\ud800\u{e0041}😀é")).toBe(
      "a\\n\\u001b[1mb\\u009b\\t\\u202e\\ud800\\u{e0041}😀é",
    );
    expect(printableLines("a\n\r\u001bb")).toBe("a\n\\r\\u001bb");
  });
});
