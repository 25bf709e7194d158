import { describe, expect, test } from "vitest";
import { decodeRequests, type DecodedRequests } from "../../lib/wire/index.ts";

const good = {
  "job-id": "good",
  "job-type": "backup",
  "job-config": { compression: true },
  "storage-interface": "s3",
  "storage-config": { bucket: "b", "access-key": "a", "secret-key": "s" },
};
const { "job-type": _type, ...withoutType } = good;
const { "job-config": _config, ...withoutConfig } = good;
const { "storage-config": _storage, ...withoutStorage } = good;
const restore = { ...good, "job-id": "bad", "job-type": "restore" };

function decode(jobs: unknown): DecodedRequests {
  return decodeRequests({ jobs: JSON.stringify(jobs) });
}

function failureOf(job: unknown): { code: string; message: string; remedy: string } | undefined {
  const { rejected } = decode([job]);
  return rejected[0]?.failure;
}

const s3 = good["storage-config"];
const withStorage = (change: object): object => ({ ...good, "storage-config": { ...s3, ...change } });
const rfc3339 = `a time as RFC 3339 with an offset, or "latest"`;

describe("rejected requests", () => {
  test.each([
    [
      "unknown job-type",
      { ...good, "job-type": "dance" },
      "job-type-unknown",
      'jobs[0].job-type is "dance"; expected "backup" or "restore".',
      'Set job-type to "backup" or "restore".',
    ],
    [
      "no job-type",
      withoutType,
      "request-invalid",
      'jobs[0].job-type is missing; expected "backup" or "restore".',
      'Set job-type to "backup" or "restore".',
    ],
    [
      "unknown storage-interface",
      { ...good, "storage-interface": "azure" },
      "storage-interface-unknown",
      'jobs[0].storage-interface is "azure"; expected "s3".',
      'Set storage-interface to "s3".',
    ],
    [
      "no job-config",
      withoutConfig,
      "request-invalid",
      "jobs[0].job-config is missing; expected an object.",
      "Set job-config to an object.",
    ],
    [
      "job-config that is no object",
      { ...good, "job-config": "fast" },
      "request-invalid",
      "jobs[0].job-config is a string; expected an object.",
      "Set job-config to an object.",
    ],
    [
      "further job-config",
      { ...good, "job-config": { compression: true, level: 9 } },
      "request-invalid",
      'jobs[0].job-config.level is not known; expected nothing but "compression".',
      "Remove job-config.level.",
    ],
    [
      "further job-config with an odd name",
      { ...good, "job-config": { compression: true, "a\nb": 9 } },
      "request-invalid",
      'jobs[0].job-config["a\\nb"] is not known; expected nothing but "compression".',
      'Remove job-config["a\\nb"].',
    ],
    [
      "compression that is a text",
      { ...good, "job-config": { compression: "yes" } },
      "request-invalid",
      'jobs[0].job-config.compression is "yes"; expected true or false.',
      "Set job-config.compression to true or false.",
    ],
    [
      "storage-config that is no object",
      { ...good, "storage-config": JSON.stringify(s3) },
      "request-invalid",
      "jobs[0].storage-config is a string; expected an object.",
      "Set storage-config to an object.",
    ],
    [
      "no storage-config",
      withoutStorage,
      "request-invalid",
      "jobs[0].storage-config is missing; expected an object.",
      "Set storage-config to an object.",
    ],
    [
      "bucket that is a number",
      withStorage({ bucket: 7 }),
      "request-invalid",
      "jobs[0].storage-config.bucket is 7; expected a string.",
      "Set storage-config.bucket to a string.",
    ],
    [
      "access key that is a number",
      withStorage({ "access-key": 31337 }),
      "request-invalid",
      "jobs[0].storage-config.access-key is a number; expected a string.",
      "Set storage-config.access-key to a string.",
    ],
    [
      "API version that is none",
      withStorage({ "s3-api-version": 3 }),
      "request-invalid",
      "jobs[0].storage-config.s3-api-version is 3; expected 2 or 4.",
      "Set storage-config.s3-api-version to 2 or 4.",
    ],
    [
      "CA chain that is no list",
      withStorage({ "tls-ca-chain": "pem" }),
      "request-invalid",
      'jobs[0].storage-config.tls-ca-chain is "pem"; expected a list of strings.',
      "Set storage-config.tls-ca-chain to a list of strings.",
    ],
    [
      "CA chain of numbers",
      withStorage({ "tls-ca-chain": ["pem", 1] }),
      "request-invalid",
      "jobs[0].storage-config.tls-ca-chain[1] is 1; expected a string.",
      "Set storage-config.tls-ca-chain[1] to a string.",
    ],
    [
      "no secret key",
      { ...good, "storage-config": { bucket: "b", "access-key": "a" } },
      "credentials-missing",
      "jobs[0].storage-config.secret-key is missing; expected a string.",
      "Set storage-config.secret-key to a string.",
    ],
    [
      "empty keys",
      withStorage({ "access-key": "", "secret-key": "" }),
      "credentials-missing",
      "jobs[0].storage-config.access-key and jobs[0].storage-config.secret-key are empty, and there is no jobs[0].secret-extra; expected the keys of the storage.",
      "Set access-key and secret-key, or grant a Juju secret and name it in secret-extra.",
    ],
    [
      "one empty key",
      withStorage({ "secret-key": "" }),
      "credentials-missing",
      "jobs[0].storage-config.secret-key is empty, and there is no jobs[0].secret-extra; expected the keys of the storage.",
      "Set access-key and secret-key, or grant a Juju secret and name it in secret-extra.",
    ],
    [
      "restore that names nothing",
      restore,
      "restore-target-missing",
      "jobs[0].artefact-path is missing, and so is jobs[0].restore-to-time; expected a restore to name a backup, a time, or both.",
      "Set artefact-path to what the backup was reported with, or restore-to-time to a time.",
    ],
    [
      "restore of an empty path",
      { ...restore, "artefact-path": "" },
      "restore-target-missing",
      "jobs[0].artefact-path is empty, and so is jobs[0].restore-to-time; expected a restore to name a backup, a time, or both.",
      "Set artefact-path to what the backup was reported with, or restore-to-time to a time.",
    ],
    [
      "time without an offset",
      { ...restore, "restore-to-time": "2026-01-02 03:04:05" },
      "restore-time-invalid",
      `jobs[0].restore-to-time is "2026-01-02 03:04:05", a time without an offset: read as UTC it is 2026-01-02T03:04:05Z, read as a local time it is another moment; expected ${rfc3339}.`,
      "Give the offset: 2026-01-02T03:04:05Z if the time is meant in UTC.",
    ],
    [
      "time that is none",
      { ...restore, "restore-to-time": "yesterday" },
      "restore-time-invalid",
      `jobs[0].restore-to-time is "yesterday"; expected ${rfc3339}.`,
      `Set restore-to-time to ${rfc3339}, for example 2026-01-02T03:04:05Z.`,
    ],
    [
      "time that is a number",
      { ...restore, "restore-to-time": 1767323045 },
      "restore-time-invalid",
      `jobs[0].restore-to-time is 1767323045; expected ${rfc3339}.`,
      `Set restore-to-time to ${rfc3339}, for example 2026-01-02T03:04:05Z.`,
    ],
    [
      "day that is none",
      { ...restore, "restore-to-time": "2026-02-30T00:00:00Z" },
      "restore-time-invalid",
      `jobs[0].restore-to-time is "2026-02-30T00:00:00Z", which is no day of the calendar; expected ${rfc3339}.`,
      `Set restore-to-time to ${rfc3339}.`,
    ],
    [
      "wrong backup-type",
      { ...good, "backup-type": "fuller" },
      "request-invalid",
      'jobs[0].backup-type is "fuller"; expected "full", "differential" or "incremental".',
      'Set backup-type to "full", "differential" or "incremental".',
    ],
    [
      "retention of both kinds",
      { ...good, retention: { full: 1, days: 1 } },
      "request-invalid",
      'jobs[0].retention is an object with both; expected an object with either "full" or "days".',
      'Set retention to an object with either "full" or "days".',
    ],
    [
      "retention of nothing",
      { ...good, retention: { full: 0 } },
      "request-invalid",
      "jobs[0].retention.full is 0; expected a whole number of at least 1.",
      "Set retention.full to a whole number of at least 1.",
    ],
    [
      "secret that is none",
      { ...good, "secret-extra": "token" },
      "request-invalid",
      "jobs[0].secret-extra is a string; expected the URI of a Juju secret.",
      "Set secret-extra to the URI of a Juju secret.",
    ],
    [
      "deadline on no day",
      { ...good, "start-before": "2026-02-29T00:00:00Z" },
      "request-invalid",
      'jobs[0].start-before is "2026-02-29T00:00:00Z", which is no day of the calendar; expected a time as RFC 3339 in UTC.',
      "Set start-before to a time as RFC 3339 in UTC.",
    ],
  ])("%s", (_name, job, code, message, remedy) => {
    expect(failureOf(job)).toEqual({ code, message, remedy });
  });

  test("name the job by its place, and leave the others alone", () => {
    const decoded = decode([
      good,
      { ...good, "job-id": "bad", "job-type": "dance" },
      { ...good, "job-id": "last" },
    ]);
    expect(decoded.requests.map(({ id }) => id)).toEqual(["good", "last"]);
    expect(decoded.problems).toEqual([]);
    expect(decoded.rejected.map(({ id, failure }) => [id, failure.message])).toEqual([
      ["bad", 'jobs[1].job-type is "dance"; expected "backup" or "restore".'],
    ]);
  });

  test("repeat what can be repeated", () => {
    const storage = { bucket: "b", path: "p", endpoint: 7, region: "r", "access-key": "a" };
    const [rejected] = decode([{ ...restore, "storage-config": storage }]).rejected;
    expect(rejected).toMatchObject({ id: "bad", type: "restore", compression: true });
    expect(rejected?.storage).toEqual({ bucket: "b", path: "p", region: "r" });
  });

  test("say what is to be kept where nothing but their keys is missing", () => {
    const storage = { bucket: "b", "access-key": "", "secret-key": "" };
    const ended = { ...good, "job-id": "bad", retention: { full: 3 }, "storage-config": storage };
    expect(decode([ended]).rejected[0]).toMatchObject({ retention: { full: 3 } });
    for (const worse of [{ retention: { full: 0 } }, { "job-type": "dance" }, { retention: undefined }]) {
      expect(decode([{ ...ended, ...worse }]).rejected[0]).not.toHaveProperty("retention");
    }
  });

  test("replace what cannot be repeated", () => {
    const [rejected] = decode([{ "job-id": "bad", "job-type": 7, "storage-config": [] }]).rejected;
    expect(rejected).toMatchObject({ id: "bad", type: "backup", storage: { bucket: "" } });
    expect(rejected).not.toHaveProperty("compression");
  });

  test("name every field that is wrong", () => {
    expect(failureOf({ ...good, "job-type": "dance", "storage-interface": "azure" })?.message).toBe(
      'jobs[0].job-type is "dance"; expected "backup" or "restore". Also wrong: jobs[0].storage-interface.',
    );
  });

  test("cut long values and show no control characters", () => {
    const message = failureOf({ ...good, "job-type": `\u001b[31m\u202e${"x".repeat(1000)}` })?.message;
    expect(message).toBe(
      `jobs[0].job-type is "\\u001b[31m\\u202e${"x".repeat(54)}…"; expected "backup" or "restore".`,
    );
  });
});
