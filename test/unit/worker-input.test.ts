import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import {
  decodeWorkerInput,
  encodeWorkerInput,
  type JobTask,
  type WorkerInput,
} from "../../provider/worker/worker-input.ts";

const request: JobRequest = {
  id: "a",
  type: "restore",
  artefactPath: "/team/backup/db/label/",
  restoreToTime: "2026-03-01T10:00:00+02:00",
  restoreTimeline: 3,
  compression: false,
  storage: {
    bucket: "b",
    path: "/team",
    endpoint: "https://minio.local",
    tlsCaChain: ["-----BEGIN CERTIFICATE-----\n…"],
    apiVersion: 4,
    credentials: new Credentials("AKIACANARY", "secret/canary+é😀"),
  },
};
const input: JobTask = {
  plannedUnits: 1,
  task: "run",
  lineage: "line",
  fence: 12,
  request,
  executor: { module: "file:///charm/executor.js", options: { stanza: "db", nested: [1, null] } },
  environment: {
    unit: "postgresql/0",
    application: "postgresql",
    modelUuid: "7c0a",
    workDirectory: "/var/lib/x/executor",
  },
  incarnation: "life",
  stateDirectory: "/var/lib/x",
  poke: ["juju-exec", "-u", "postgresql/0", "…"],
};

/** All but what writes itself as redacted. */
function plain({ request: { storage, ...asked }, ...rest }: JobTask): unknown {
  const { credentials, ...location } = storage;
  return { ...rest, request: { ...asked, storage: { ...location, keys: credentials.reveal() } } };
}

function decodedJob(text: string): JobTask {
  const read = decodeWorkerInput(text);
  if (read.task !== "run" && read.task !== "recover") throw new Error(`a task to ${read.task} was read`);
  return read;
}

describe("what a worker is given", () => {
  test("is read as it was written, credentials included", () => {
    const read = decodedJob(encodeWorkerInput(input));
    expect(plain(read)).toEqual(plain(input));
    expect(read.request.storage.credentials).toBeInstanceOf(Credentials);
    expect("store" in read).toBe(false);
    expect("keys" in read).toBe(false);
  });

  test("may name a store and another task", () => {
    const other: JobTask = {
      ...input,
      task: "recover",
      store: { module: "file:///store.js", options: { a: 1 } },
    };
    expect(plain(decodedJob(encodeWorkerInput(other)))).toEqual(plain(other));
  });

  test("may be the storage alone, with the keys to it, where a fence is to be claimed, revoked or tried out", () => {
    const { stateDirectory, poke } = input;
    const { storage } = request;
    const tasks: readonly WorkerInput[] = [
      { task: "probe", stateDirectory, poke, storage },
      { task: "revoke", stateDirectory, poke, lineage: "line", fence: 3, storage },
    ];
    for (const task of tasks) {
      const read = decodeWorkerInput(encodeWorkerInput(task));
      if (!("storage" in read)) throw new Error("no storage was read");
      expect(read).toEqual(task);
      expect(read.storage.credentials.reveal()).toEqual(storage.credentials.reveal());
    }
    const claiming = decodedJob(encodeWorkerInput({ ...input, claim: storage }));
    expect(claiming.claim?.credentials.reveal()).toEqual(storage.credentials.reveal());
  });

  property.prop([fc.string(), fc.string(), fc.string()])("holds any keys", (accessKey, secretKey, bucket) => {
    const storage: StorageConfig = { bucket, credentials: new Credentials(accessKey, secretKey) };
    const read = decodedJob(encodeWorkerInput({ ...input, request: { ...request, storage } }));
    expect(read.request.storage.credentials.reveal()).toEqual(storage.credentials.reveal());
    expect(read.request.storage.bucket).toBe(bucket);
  });

  test("shows no keys once it was read", () => {
    expect(JSON.stringify(decodeWorkerInput(encodeWorkerInput(input)))).not.toMatch(/canary/i);
  });

  test("has to be whole", () => {
    expect(() => decodeWorkerInput(encodeWorkerInput(input).slice(0, -1))).toThrow(SyntaxError);
    expect(() => decodeWorkerInput("")).toThrow(SyntaxError);
  });
});
