import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../lib/process/run.ts";

/** Enough for what Juju lets a databag hold, and far too little for an object for each of its bytes. */
const heapMegabytes = 768;
const databagBytes = 16 * 1024 * 1024;

const program = `
  import { decodeRequests, decodeReports, decodeProviderApplication, decodeS3 } from ${module("lib/wire/index.js")};
  import { storageLocation } from ${module("lib/job/storage-config.js")};
  const bytes = ${databagBytes};
  const fill = (item) => "[" + Array(Math.floor(bytes / (item.length + 1))).fill(item).join(",") + "]";
  const good = (id, more = "") => JSON.stringify({
    "job-id": id, "job-type": "backup", status: "success", "job-config": { compression: true },
    "storage-interface": "s3", "storage-config": { bucket: "b", "access-key": "a", "secret-key": "s" },
    x: more,
  });
  const withStorage = (storage) => good("good").replace('"bucket":"b"', storage + ',"bucket":"b"');
  const values = {
    "no objects": () => fill("1"),
    "jobs without an id": () => fill("{}"),
    "jobs that cannot be run": () =>
      "[" + Array.from({ length: 900_000 }, (_, n) => '{"job-id":"' + n + '"}').join(",") + "]",
    "one job twice and more": () => fill(good("same")),
    "a list of anything but texts": () => "[" + withStorage('"tls-ca-chain":' + fill("7")) + "]",
    "unknown settings": () => {
      const fields = Array.from({ length: 300_000 }, (_, n) => '"f' + n + '":1').join(",");
      return "[" + good("good").replace('"compression":true', '"compression":true,' + fields) + "]";
    },
    "unknown fields": () => {
      const fields = Array.from({ length: 300_000 }, (_, n) => '"f' + n + '":1').join(",");
      return "[" + good("good").replace("{", "{" + fields + ",") + "]";
    },
    "blanks inside a bucket's name": () =>
      "[" + withStorage('"path":"a' + " /".repeat(bytes / 2) + 'b"') + "]",
    "nesting": () => "[".repeat(100_000) + "]".repeat(100_000),
    "nesting inside a job": () => "[" + withStorage('"y":' + "[".repeat(100_000) + "]".repeat(100_000)) + "]",
    "no end": () => "[".repeat(1_000_000),
    "one string": () => "[" + good("good", "x".repeat(bytes)) + "]",
    "one job id": () => "[" + good("x".repeat(bytes)) + "]",
    "one type": () => "[" + good("good").replace('"backup"', '"' + "x".repeat(bytes) + '"') + "]",
  };
  const value = values[process.argv.at(-1)]();
  const databag = { jobs: value, features: value, backups: value, problems: value, "lib-version": value };
  const { requests, rejected, problems } = decodeRequests(databag);
  for (const request of requests) storageLocation(request.storage);
  const reports = decodeReports(databag);
  const application = decodeProviderApplication(databag);
  const s3 = { bucket: "a" + " /".repeat(bytes / 2) + "b", "access-key": "a", "secret-key": "s", endpoint: "h" + "/ ".repeat(bytes / 2) + "x" };
  const kept = decodeS3(s3).complete;
  const said = [problems, reports.problems, application.problems, rejected.map(({ failure }) => failure)];
  console.log(JSON.stringify({
    requests: requests.length,
    rejected: rejected.length,
    problems: problems.length,
    reports: reports.reports.length,
    kept,
    longest: Math.max(...said.flat().map((one) => one.message.length + one.remedy.length)),
    most: Math.max(...said.map((list) => list.length)),
  }));
`;

function module(path: string): string {
  return JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href);
}

interface Summary {
  readonly requests: number;
  readonly rejected: number;
  readonly problems: number;
  readonly reports: number;
  readonly kept: boolean;
  readonly longest: number;
  readonly most: number;
}

async function decode(name: string): Promise<Summary> {
  const flags = [`--max-old-space-size=${heapMegabytes}`, "--input-type=module", "--eval", program];
  const env = { PATH: dirname(process.execPath) };
  const end = await run([process.execPath, ...flags, "--", name], { env, timeoutMs: 50_000 });
  expect(end.stderr).toBe("");
  const summary: Summary = JSON.parse(end.stdout);
  return summary;
}

describe("a databag full of", () => {
  test.each<readonly [string, Partial<Summary>]>([
    ["no objects", { requests: 0, rejected: 0, reports: 0 }],
    ["jobs without an id", { requests: 0, rejected: 0, reports: 0 }],
    ["jobs that cannot be run", { requests: 0, rejected: 1_000, problems: 1 }],
    ["one job twice and more", { requests: 1, rejected: 0 }],
    ["a list of anything but texts", { requests: 0, rejected: 1, reports: 1 }],
    ["unknown settings", { requests: 0, rejected: 1, reports: 1 }],
    ["unknown fields", { requests: 1, rejected: 0, reports: 1 }],
    ["blanks inside a bucket's name", { requests: 1, rejected: 0, reports: 1 }],
    ["nesting", { requests: 0, rejected: 0, reports: 0 }],
    ["nesting inside a job", { requests: 1, rejected: 0, reports: 1 }],
    ["no end", { requests: 0, rejected: 0, problems: 1 }],
    ["one string", { requests: 1, rejected: 0, reports: 1 }],
    ["one job id", { requests: 1, rejected: 0, reports: 1 }],
    ["one type", { requests: 0, rejected: 1, reports: 1 }],
  ])("%s is read, with few and short words about what is wrong", async (name, expected) => {
    const summary = await decode(name);
    expect(summary).toMatchObject({ ...expected, kept: true });
    expect(summary.most).toBeLessThanOrEqual(1_000);
    expect(summary.longest).toBeLessThan(2_500);
  });
});
