/**
 * Each row of the table of storage fields, from the request on the wire to the job's end: read by the codec, decided by
 * the checks of PostgreSQL, rendered for pgBackRest, and sent by the SDK to a server that notes what it gets.
 */
import { fc, test as property } from "@fast-check/vitest";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Executor, JobContext } from "../../lib/executor.ts";
import type { Failure, JobProgress } from "../../lib/job/report.ts";
import type { BackupRequest, JobRequest } from "../../lib/job/request.ts";
import { Credentials, storageLocation } from "../../lib/job/storage-config.ts";
import { openS3Store } from "../../lib/storage/s3-store.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";
import { runJob } from "../../provider/worker/job-run.ts";
import { failureFields } from "../../provider/coordination/ends.ts";
import { firstFailure } from "../../provider/postgresql/checks/checks.ts";
import { createBackupChecks } from "../../provider/postgresql/checks/create-backup-checks.ts";
import { caChain, renderConfig } from "../../provider/postgresql/pgbackrest/pgbackrest-config.ts";
import { ignoredByPgBackRest, rejectStorage } from "../../provider/postgresql/checks/storage-check.ts";
import { everyProperty } from "../package/schema-tables.ts";
import { decodeRow, type Sent } from "../storage-table/row.ts";
import { storageRows } from "../storage-table/rows.ts";
import {
  redirectTo,
  startRecordingServer,
  type RecordingServer,
  type Redirection,
} from "../storage-table/recording-server.ts";
import { loneMember } from "./lone-member.ts";

let server: RecordingServer;
let redirection: Redirection;
beforeAll(async () => {
  server = await startRecordingServer();
  redirection = redirectTo(server);
});
afterEach(() => {
  server.take();
  redirection.takeTrusted();
});
afterAll(async () => {
  redirection.end();
  await server.close();
});

/** The failures of the checks that look at a storage; those that look at the database are content. */
async function preflight(request: JobRequest, context: JobContext): Promise<Failure | undefined> {
  if (request.type !== "backup") throw new Error("only backups are asked for");
  let probeFailure: Failure | undefined;
  if (rejectStorage(request.storage) === undefined) {
    try {
      await context.store.probe();
    } catch (error) {
      probeFailure = storageFailure(error, storageLocation(request.storage));
    }
  }
  return firstFailure(createBackupChecks, {
    ...loneMember,
    request,
    stanzaName: "db",
    isForeignRepository: false,
    unfinishedRestore: undefined,
    pgBackRestVersion: [2, 45],
    member: {
      state: "running",
      isPrimary: true,
      locked: true,
      timeline: 1,
      serverVersion: 150_020,
      systemId: "7",
    },
    archiveMode: "on",
    archiveStorage: undefined,
    probeFailure,
    repositoryFailure: undefined,
    stanza: undefined,
  });
}

const executor: Partial<Executor> = {
  ignoredStorageFields: ignoredByPgBackRest,
  preflight,
  backup: async (_, { store }) => {
    await store.put("log", "text");
    return { succeeded: true, backupId: "b", artefactPath: "/b/", recordFolder: "records" };
  },
};

interface Ended {
  readonly end: JobProgress;
  readonly log: readonly string[];
}

async function run(request: BackupRequest): Promise<Ended> {
  const log: string[] = [];
  const store = await openS3Store(request.storage);
  const end = await runJob({
    plannedUnits: 1,
    request,
    fence: 1,
    executor: executor as Executor,
    store,
    signal: new AbortController().signal,
    defaultRecordFolder: "records",
    now: () => "2026-03-01T10:00:00Z",
    record: async () => undefined,
    noReturn: async () => undefined,
    progress: () => undefined,
    log: (line) => void log.push(line),
    logText: async () => log.join("\n"),
  });
  store.close();
  return { end, log };
}

const context = {
  stanza: "db",
  dataDirectory: "/data",
  socketDirectory: "/run",
  port: 5432,
  user: "postgres",
  processMax: 2,
  folder: "/work",
  caFile: "/conf/ca.crt",
};
const secrets = /example-secret-key|hunter2|PRIVATE KEY/;

const usedRows = storageRows.flatMap(({ outcome, ...row }) =>
  outcome.kind === "used" ? [{ ...row, outcome }] : [],
);
const rejectedRows = storageRows.flatMap(({ outcome, ...row }) =>
  outcome.kind === "rejected" ? [{ ...row, outcome }] : [],
);

describe("what is used", () => {
  test.each(usedRows)("$field, $form", async (row) => {
    const { warning, lines, sent } = row.outcome;
    const decoded = decodeRow(row, server.authorities);
    const [request] = decoded.requests;
    expect(decoded).toMatchObject({ rejected: [], problems: [] });
    if (request?.type !== "backup") throw new Error("it was not read");
    const { end, log } = await run(request);
    expect(end).toMatchObject({ phase: "succeeded" });
    expect(end.message).toBe(warning);
    expect(log).toEqual(warning === undefined ? [] : [`WARN: ${warning}`]);
    expect(JSON.stringify([end, log])).not.toMatch(secrets);

    const rendered = renderConfig(request.storage, context).split("\n");
    expect(rendered).toEqual(expect.arrayContaining([...lines]));
    const caFile = `repo1-storage-ca-file=${context.caFile}`;
    expect(rendered.includes(caFile)).toBe(lines.includes(caFile));
    const chain = caChain(request.storage) ?? "";
    expect(chain.includes(server.authorities.signer.trim())).toBe(lines.includes(caFile));
    expect(chain).not.toMatch(secrets);

    const requests = server.take();
    const seen = requests.find(({ method, url }) => method === "PUT" && url.endsWith("/log"));
    expect({ ...seen, trusts: trusted() }).toMatchObject({ trusts: ["the system"], ...sentAs(sent) });
    expect(new Set(requests.map(({ accessKey }) => accessKey))).toEqual(new Set(["example-access-key"]));
    expect(requests.flatMap(({ headers }) => Object.keys(headers))).not.toContain("x-amz-storage-class");
    expect(requests.flatMap(({ headers }) => Object.keys(headers))).not.toContain("x-amz-tagging");
  });
});

describe("what is rejected", () => {
  test.each(rejectedRows)("$field, $form, as $outcome.code", async (row) => {
    const { requests, rejected, problems } = decodeRow(row, server.authorities);
    expect(problems).toEqual([]);
    const [request] = requests;
    // What the codec refuses never becomes a job; everything else is one that ends at once.
    const end = request?.type === "backup" ? (await run(request)).end : rejectedEnd(rejected[0]?.failure);
    expect(end).toMatchObject({
      phase: "rejected",
      errorCode: row.outcome.code,
      message: expect.stringContaining(row.outcome.names ?? row.field) as unknown,
      remedy: expect.stringMatching(/^[A-Z].*\.$/) as unknown,
    });
    expect(JSON.stringify(end)).not.toMatch(secrets);
  });
});

function rejectedEnd(failure: Failure | undefined): Partial<JobProgress> {
  return { phase: "rejected", ...(failure === undefined ? {} : failureFields(failure)) };
}

function sentAs({ trusts, ...sent }: Sent): object {
  return { ...sent, ...(trusts === undefined ? {} : { trusts: [trusts] }) };
}

/** Whose word counted, once each. */
function trusted(): readonly string[] {
  return [...new Set(redirection.takeTrusted())];
}

test("every field of the schema has rows, and no other is known", () => {
  const fields = [...new Set(storageRows.map(({ field }) => field))];
  expect(fields.at(-1)).toBe("other fields");
  const properties = everyProperty("s3");
  expect(fields.slice(0, -1).toSorted()).toEqual([...properties].toSorted());
});

const odd = fc.string({ unit: fc.constantFrom("a", "B", "7", "-", ".", "_", " ", "/", ":", "é", "%", "+") });
const storages = fc.record({
  bucket: fc.oneof(odd, fc.constantFrom("backups", "backups", "a.b", "A_b")),
  path: odd,
  region: fc.oneof(odd, fc.constantFrom("eu-west-1", "RegionOne", "")),
  endpoint: fc.constantFrom(
    "",
    "https://s3.example.com",
    "s3.example.com:9000/",
    "https://10.0.0.7",
    "[2001:db8::7]:9",
  ),
  uriStyle: fc.constantFrom("", "host", "path"),
  credentials: fc.constant(new Credentials("example-access-key", "example-secret-key")),
});

property.prop([storages])(
  "whatever passes the checks is the same object to both clients",
  async (storage) => {
    const store = await openS3Store(storage);
    try {
      if (rejectStorage(storage) !== undefined) return;
      const value = (option: string): string =>
        new RegExp(`^${option}=(.*)$`, "m").exec(renderConfig(storage, context))?.[1] ?? "";
      const [host, bucket, path] = ["s3-endpoint", "s3-bucket", "path"].map((name) => value(`repo1-${name}`));
      const port = value("repo1-storage-port");
      server.take();
      // A region that is no name of AWS has no host with a certificate.
      if (host?.endsWith("amazonaws.com") === true && !/us-east-1|eu-west-1/.test(host)) return;
      await store.put("log", "text");
      const [sent] = server.take();
      const root = value("repo1-s3-uri-style") === "host" ? `${bucket}.${host}` : host;
      const folder = value("repo1-s3-uri-style") === "host" ? "" : `/${bucket}`;
      const expected = `https://${root}${port === "" ? "" : `:${port}`}${folder}${path === "/" ? "" : path}/log`;
      const decoded = (sent?.url ?? "").replace(/(?<=\/\/[^/]+\/).*/, decodeURIComponent);
      expect(decoded).toBe(expected);
      expect(sent?.region).toBe(value("repo1-s3-region"));
    } finally {
      store.close();
    }
  },
);
