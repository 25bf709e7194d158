/**
 * What the tests of the wire generate: values of the domain, databags that version 0 of the interface accepts, and
 * garbage.
 */
import { fc } from "@fast-check/vitest";
import type { Backup } from "../../lib/job/backup.ts";
import { endPhases, phasesAtWork, phasesBeforeStart } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import { backupTypes, type JobRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";

/** A text that is not empty. */
export const text: fc.Arbitrary<string> = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });

/** A moment, as RFC 3339 in UTC. */
export const utcTime: fc.Arbitrary<string> = fc
  .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());

const location = {
  path: text,
  endpoint: text,
  region: text,
};

const keyText = text.filter((characters) => characters.trim() !== "");

/** Credentials whose two keys are there. */
export const credentials: fc.Arbitrary<Credentials> = fc
  .tuple(keyText, keyText)
  .map(([accessKey, secretKey]) => new Credentials(accessKey, secretKey));

const texts = fc.array(text, { minLength: 1, maxLength: 3 });

/** A storage that a request brings. */
export const storage: fc.Arbitrary<StorageConfig> = fc.record(
  {
    bucket: text,
    credentials,
    ...location,
    uriStyle: text,
    storageClass: text,
    tlsCaChain: texts,
    attributes: texts,
    apiVersion: fc.constantFrom(2 as const, 4 as const),
  },
  { requiredKeys: ["bucket", "credentials"] },
);

const base = {
  id: text,
  storage,
  compression: fc.boolean(),
  requestedAt: utcTime,
  startBefore: utcTime,
  cancel: fc.constant(true as const),
  retention: fc.oneof(
    fc.record({ full: fc.integer({ min: 1 }) }),
    fc.record({ days: fc.integer({ min: 1 }) }),
  ),
  schedule: fc.record({ name: keyText, slot: utcTime }),
  secretExtra: fc.constantFrom("secret:d4f2k8vmp25c7612lk10", "secret://a-model/d4f2k8vmp25c7612lk10"),
};
const baseKeys = ["id", "storage", "compression", "type"] as const;

/** A request as the requirer makes it. */
export const request: fc.Arbitrary<JobRequest> = fc.oneof(
  fc.record(
    { ...base, type: fc.constant("backup" as const), backupType: fc.constantFrom(...backupTypes) },
    { requiredKeys: [...baseKeys, "backupType"] },
  ),
  fc.record(
    {
      ...base,
      type: fc.constant("restore" as const),
      artefactPath: text,
      restoreToTime: fc.oneof(utcTime, fc.constant("latest")),
      restoreTimeline: fc.integer({ min: 1 }),
      discardOldData: fc.constant(true as const),
    },
    { requiredKeys: [...baseKeys, "artefactPath"] },
  ),
);

/** A report as a provider's unit makes it. */
export const report: fc.Arbitrary<JobReport> = fc.record(
  {
    id: text,
    type: fc.constantFrom("backup" as const, "restore" as const),
    storage: fc.record({ bucket: fc.string(), ...location }, { requiredKeys: ["bucket"] }),
    compression: fc.boolean(),
    phase: fc.constantFrom(...phasesBeforeStart, ...phasesAtWork, ...endPhases),
    message: text,
    artefactPath: text,
    progress: fc.record(
      {
        percent: fc.double({ min: 0, max: 100, noNaN: true }).map((percent) => percent + 0),
        bytesDone: fc.nat(),
        bytesTotal: fc.nat(),
      },
      { requiredKeys: ["percent"] },
    ),
    startedAt: utcTime,
    finishedAt: utcTime,
    backupId: text,
    sizeBytes: fc.nat(),
    timeline: fc.nat(),
    logPath: text,
    errorCode: text,
    remedy: text,
    fence: fc.nat(),
  },
  { requiredKeys: ["id", "type", "storage", "phase"] },
);

/** A backup of the repository. */
export const backup: fc.Arbitrary<Backup> = fc.record({
  id: text.filter((id) => id.trim() !== ""),
  type: fc.constantFrom(...backupTypes),
  finishedAt: utcTime,
  sizeBytes: fc.nat(),
  timeline: fc.nat(),
  artefactPath: text,
});

/** Further properties, of names that neither the interface nor its extensions have. */
const further = fc.dictionary(
  text.map((key) => `x-${key}`),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 3 },
);

/** The storage-config of a job, as version 0 of the s3 interface allows it, with both keys. */
const wireStorage = fc
  .tuple(
    fc.record(
      {
        bucket: fc.string(),
        "access-key": keyText,
        "secret-key": keyText,
        path: fc.string(),
        endpoint: fc.string(),
        region: fc.string(),
        "s3-uri-style": fc.string(),
        "storage-class": fc.string(),
        "tls-ca-chain": fc.array(fc.string()),
        attributes: fc.array(fc.string()),
        "s3-api-version": fc.constantFrom(2, 4),
      },
      { requiredKeys: ["bucket", "access-key", "secret-key"] },
    ),
    further,
  )
  .map(([known, others]) => ({ ...others, ...known }));

/** A job that version 0 of the interface accepts from a requirer, and that can be run. */
export const wireRequest: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record({
      "job-id": text,
      "job-type": fc.constantFrom("backup", "restore"),
      "job-config": fc.record({ compression: fc.boolean() }),
      "storage-interface": fc.constant("s3"),
      "storage-config": wireStorage,
      "artefact-path": text,
    }),
    further,
  )
  .map(([known, others]) => ({ ...others, ...known }));

/** A job that version 0 of the interface accepts from a provider. */
export const wireReport: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.record(
      {
        "job-id": text,
        "job-type": fc.constantFrom("backup", "restore"),
        status: fc.constantFrom("running", "success", "error"),
        "job-config": fc.record({ compression: fc.boolean() }),
        "storage-interface": fc.constant("s3"),
        "storage-config": wireStorage,
        message: fc.string(),
        "artefact-path": fc.string(),
      },
      { requiredKeys: ["job-id", "job-type", "status", "storage-interface", "storage-config"] },
    ),
    further,
  )
  .map(([known, others]) => ({ ...others, ...known }));

/** A copy of a JSON value with one of its parts taken away or replaced by something else. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(value);
  return fc
    .tuple(
      fc.constantFrom(...places),
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(undefined, 0, -1, 1.5, "", true, {}, [])),
    )
    .map(([place, replacement]) => replacedAt(value, place, replacement));
}

function placesIn(value: unknown): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner).map((place) => [key, ...place])),
  ];
}

function replacedAt(value: unknown, place: readonly string[], replacement: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined || typeof value !== "object" || value === null) return replacement ?? null;
  if (Array.isArray(value)) {
    return value.map((item, index) => (String(index) === key ? replacedAt(item, rest, replacement) : item));
  }
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    name === key ? (rest.length === 0 ? replacement : replacedAt(inner, rest, replacement)) : inner,
  ]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}
