import { inspect } from "node:util";
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  decodeProviderApplication,
  decodeReports,
  decodeRequests,
  decodeS3,
  encodeReports,
  type DecodedRequests,
} from "../../lib/wire/index.ts";
import { mutated } from "./wire-arbitraries.ts";

const canary = "CANARY7f3a";
const keys = { "access-key": `${canary}-access`, "secret-key": `${canary}-secret` };
const job = {
  "job-id": "a",
  "job-type": "backup",
  status: "success",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": { bucket: "b", path: "p", ...keys },
  "artefact-path": "/p",
  "backup-type": "full",
  "restore-to-time": "latest",
  retention: { full: 1 },
  schedule: { name: "n", slot: "s" },
  "secret-extra": `secret:${canary.toLowerCase()}0000000000`,
};

/** Everything that may be logged, shown or stored of what was decoded. */
function allOf(databag: Record<string, string>): string {
  const requests: DecodedRequests = decodeRequests(databag);
  const rejected = requests.rejected.map(({ failure, ...rest }) => ({
    ...rest,
    phase: "rejected" as const,
    message: failure.message,
    remedy: failure.remedy,
  }));
  // The URI of a secret is none: only who was granted it can read what it names. No message shows it all the same.
  const read = requests.requests.map(({ secretExtra: _uri, ...request }) => request);
  const decoded = [
    { ...requests, requests: read },
    decodeReports(databag),
    decodeProviderApplication(databag),
    decodeS3(databag),
  ] as const;
  return `${JSON.stringify(decoded)}${inspect(decoded, { depth: 20 })}${encodeReports(rejected)}`;
}

const garbage = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constant(keys),
  fc.constant([keys]),
  fc.constant(JSON.stringify(keys)),
  fc.constant(JSON.stringify(job)),
);

// Not the free texts, which may say anything.
const field = fc.constantFrom(
  ...Object.keys(job).filter((key) => key !== "job-id" && key !== "artefact-path"),
);

const badJob = fc.oneof(
  mutated(job),
  fc.tuple(field, garbage).map(([key, value]) => ({ ...job, [key]: value })),
  fc.tuple(field, garbage).map(([key, value]) => ({ ...job, "storage-config": { ...keys, [key]: value } })),
  garbage,
);

describe("credentials", () => {
  test("are in nothing that is decoded", () => {
    fc.assert(
      fc.property(fc.array(badJob, { maxLength: 3 }), (jobs) => {
        const value = JSON.stringify(jobs);
        const databag = {
          jobs: value,
          features: value,
          backups: value,
          problems: "[{}]",
        };
        expect(allOf({ ...databag, bucket: "b", ...keys }).toLowerCase()).not.toContain(canary.toLowerCase());
      }),
      { numRuns: 1000 },
    );
  });

  test("are in nothing that is said of broken JSON", () => {
    fc.assert(
      fc.property(
        fc.array(badJob, { maxLength: 2 }),
        fc.nat(),
        fc.constantFrom("", ",", "'", "}", "\n"),
        (jobs, at, inserted) => {
          const whole = JSON.stringify(jobs);
          const cut = at % (whole.length + 1);
          const broken = whole.slice(0, cut) + inserted + (inserted === "" ? "" : whole.slice(cut));
          expect(allOf({ jobs: broken, features: broken, backups: broken }).toLowerCase()).not.toContain(
            canary.toLowerCase(),
          );
        },
      ),
      {
        numRuns: 1000,
      },
    );
  });

  test.each([
    ["access-key", 31337],
    ["secret-key", [canary]],
    ["secret-extra", canary],
  ])("%s is not quoted where it is wrong", (key, value) => {
    const bad = { ...job, [key]: value, "storage-config": { ...job["storage-config"], [key]: value } };
    const { rejected, requests } = decodeRequests({ jobs: JSON.stringify([bad]) });
    expect(requests).toEqual([]);
    expect(JSON.stringify(rejected)).not.toMatch(/CANARY|31337/);
  });

  test("a job written twice as JSON is not quoted", () => {
    const bad = { ...job, "job-type": JSON.stringify(job) };
    const { rejected } = decodeRequests({ jobs: JSON.stringify([bad]) });
    expect(rejected[0]?.failure.message).toBe(
      'jobs[0].job-type is a string that is not shown, because it may hold credentials; expected "backup" or "restore".',
    );
  });
});
