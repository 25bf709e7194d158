/**
 * The PostgreSQL executor against real servers: PostgreSQL under Patroni, pgBackRest, and an S3 server with TLS.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { chown, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor, ExecutorEnvironment, JobContext, JobResult } from "../../lib/executor.ts";
import type { Progress } from "../../lib/job/report.ts";
import type { BackupRequest, JobRequest, RestoreRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { openS3Store } from "../../lib/storage/s3-store.ts";
import { createExecutor, type PostgresqlOptions } from "../../provider/postgresql/index.ts";
import type { Servers } from "../servers/servers.ts";
import { startWatchedServers } from "./watched-servers.ts";

const startMs = 120_000;
const jobMs = 120_000;

let servers: Servers;
let options: PostgresqlOptions;
let executor: Executor;
let storage: StorageConfig;
let workDirectory: string;
let environment: ExecutorEnvironment;
let fence = 0;
let jobs = 0;

/** What a job said while it ran. */
interface Witness {
  readonly context: JobContext;
  readonly controller: AbortController;
  readonly lines: string[];
  readonly progress: Progress[];
  finalized: boolean;
  pointOfNoReturn: boolean;
  /** Called when the first file has been copied. */
  onCopying: (() => void) | undefined;
}

async function witness(of: StorageConfig): Promise<Witness> {
  fence += 1;
  const controller = new AbortController();
  const store = await openS3Store(of);
  const seen: Witness = {
    controller,
    lines: [],
    progress: [],
    finalized: false,
    pointOfNoReturn: false,
    onCopying: undefined,
    context: {
      signal: controller.signal,
      fence,
      store,
      progress: (progress) => {
        seen.progress.push(progress);
        if (progress.percent === 0) return;
        seen.onCopying?.();
        seen.onCopying = undefined;
      },
      finalizing: () => {
        seen.finalized = true;
      },
      log: (line) => void seen.lines.push(line),
      pointOfNoReturn: () => {
        seen.pointOfNoReturn = true;
      },
    },
  };
  return seen;
}

function backupRequest(changes: Partial<BackupRequest> = {}): BackupRequest {
  jobs += 1;
  return { id: `job-${jobs}`, type: "backup", backupType: "full", compression: true, storage, ...changes };
}

function restoreRequest(changes: Partial<RestoreRequest>): RestoreRequest {
  jobs += 1;
  return { id: `job-${jobs}`, type: "restore", compression: true, storage, ...changes };
}

async function perform(request: JobRequest, seen?: Witness): Promise<JobResult> {
  const { context } = seen ?? (await witness(request.storage));
  const result =
    request.type === "backup"
      ? await executor.backup(request, context)
      : await executor.restore(request, context);
  context.store.close();
  return result;
}

async function preflight(request: JobRequest): Promise<string | undefined> {
  const { context } = await witness(request.storage);
  const failure = await executor.preflight(request, context);
  context.store.close();
  expect(failure?.remedy ?? "A sentence.").toMatch(/^[A-Z].*\.$/);
  expect(JSON.stringify(failure ?? {})).not.toContain(servers.s3.users.admin.secretKey);
  return failure?.code;
}

function succeeded(result: JobResult): Extract<JobResult, { succeeded: true }> {
  if (!result.succeeded) throw new Error(JSON.stringify(result.failure));
  return result;
}

function failureIn(result: JobResult): {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
} {
  if (result.succeeded) throw new Error("the job succeeded");
  return result.failure;
}

async function sql(statement: string): Promise<string> {
  return (await servers.psql(0, statement)).trim();
}

async function rows(): Promise<readonly string[]> {
  return (await sql("SELECT what FROM proof ORDER BY id")).split("\n");
}

/** A moment that certainly lies between what was committed before and what will be after. */
async function moment(): Promise<string> {
  await sleep(1_100);
  const text = await sql(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  );
  await sleep(1_100);
  return text;
}

/** The pgBackRest processes of our executor, those that archive WAL left out. At once: what is looked for is brief. */
function pgBackRestProcesses(): readonly { readonly pid: number; readonly argv: readonly string[] }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), argv: argumentsOf(name) }))
    .filter(
      ({ argv }) =>
        (argv[0] ?? "").endsWith("pgbackrest") &&
        argv.some((argument) => argument.includes(workDirectory)) &&
        !argv.includes("archive-push"),
    );
}

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

async function expectCleanState(): Promise<void> {
  const { dataDirectory } = options.postgresql;
  const beside = await readdir(join(dataDirectory, ".."));
  expect(beside.filter((name) => /before-restore|\.failed/.test(name))).toEqual([]);
  expect(await readdir(options.patroni.configDirectory)).toEqual(["patroni.yml"]);
  expect(await readdir(workDirectory)).not.toContain("restore.json");
  expect(await executor.standing()).toEqual({ ready: true, role: "primary" });
}

beforeAll(async () => {
  servers = await startWatchedServers();
  const [node] = servers.nodes;
  if (node === undefined) throw new Error("there is no node");
  await servers.s3.createBucket("backups");
  workDirectory = join(servers.directory, "executor");
  await mkdir(workDirectory);
  const { patroni, postgresql } = node;
  options = {
    stanza: "test.postgresql",
    patroni: {
      configDirectory: patroni.configDirectory,
      restUrl: patroni.restUrl,
      scope: patroni.scope,
      service: {
        kind: "process",
        pidFile: patroni.pidFile,
        argv: patroni.startArgv,
        logFile: patroni.logFile,
        user: patroni.user.name,
      },
    },
    postgresql: {
      dataDirectory: postgresql.dataDirectory,
      binDirectory: postgresql.binDirectory,
      socketDirectory: postgresql.socketDirectory,
      port: postgresql.port,
      user: patroni.user.name,
    },
  };
  environment = {
    unit: "postgresql/0",
    application: "postgresql",
    modelUuid: "6c1c2ddc-75a1-4c18-8c39-2ef1d4c4b8a9",
    workDirectory,
  };
  executor = createExecutor(options, environment);
  storage = {
    bucket: "backups",
    path: "/prod/",
    endpoint: servers.s3.endpoint,
    region: servers.s3.region,
    uriStyle: "path",
    tlsCaChain: [servers.s3.caPem],
    credentials: new Credentials(servers.s3.users.admin.accessKey, servers.s3.users.admin.secretKey),
  };
  await sql(
    "CREATE TABLE proof (id serial, what text); INSERT INTO proof (what) VALUES ('before');" +
      "CREATE TABLE ballast AS SELECT i, md5(i::text) AS text FROM generate_series(1, 100000) AS i;",
  );
}, startMs);

afterAll(async () => {
  await servers?.stop();
}, startMs);

describe("before anything is archived", () => {
  it("stands ready", async () => {
    expect(await executor.standing()).toEqual({ ready: true, role: "primary" });
  });

  it("tells apart what is wrong with a storage", async () => {
    const wrong = (changes: Partial<StorageConfig>): BackupRequest =>
      backupRequest({ storage: { ...storage, ...changes } });
    const { accessKey } = servers.s3.users.admin;
    expect(await preflight(wrong({ endpoint: storage.endpoint?.replace("https", "http") ?? "" }))).toBe(
      "storage-endpoint-insecure",
    );
    expect(await preflight(wrong({ credentials: new Credentials("nobody", "nothing") }))).toBe(
      "storage-access-denied",
    );
    expect(await preflight(wrong({ credentials: new Credentials(accessKey, "wrong") }))).toBe(
      "storage-access-denied",
    );
    expect(await preflight(wrong({ bucket: "missing" }))).toBe("storage-bucket-missing");
    expect(await preflight(wrong({ tlsCaChain: [] }))).toBe("storage-certificate");
    expect(await preflight(wrong({ endpoint: "https://localhost:9" }))).toBe("storage-unreachable");
    expect(await preflight(backupRequest())).toBeUndefined();
    expect(await readdir(workDirectory)).not.toContain("archive-storage.json");
  });

  it("refuses a differential backup without a full one", async () => {
    expect(await preflight(backupRequest({ backupType: "differential" }))).toBe("backup-without-base");
  });
});

describe("backups", () => {
  const made: string[] = [];

  it(
    "makes a full, a differential and an incremental one and lists them",
    async () => {
      const seen = await witness(storage);
      const full = succeeded(await perform(backupRequest(), seen));
      expect(full.backupId).toMatch(/^\d{8}-\d{6}F$/);
      expect(full.artefactPath).toBe(`/prod/backup/test.postgresql/${full.backupId}/`);
      expect(full.recordFolder).toBe(`database-backup/test.postgresql/${full.backupId}`);
      expect(full.timeline).toBe(1);
      expect(full.warning).toBeUndefined();
      expect(seen.finalized).toBe(true);
      expect(seen.progress.at(-1)?.percent).toBe(100);
      expect(seen.progress.length).toBeGreaterThan(3);
      expect(seen.lines.join("\n")).not.toContain(servers.s3.users.admin.secretKey);

      const differential = succeeded(await perform(backupRequest({ backupType: "differential" })));
      expect(differential.backupId).toMatch(/D$/);
      const incremental = succeeded(await perform(backupRequest({ backupType: "incremental" })));
      expect(incremental.backupId).toMatch(/I$/);
      expect(incremental.sizeBytes).toBeLessThan(full.sizeBytes ?? 0);
      made.push(full.backupId, differential.backupId, incremental.backupId);

      const listed = await executor.list(storage, new AbortController().signal);
      expect(listed.map(({ id }) => id)).toEqual(made);
      expect(listed.map(({ type }) => type)).toEqual(["full", "differential", "incremental"]);
      expect(listed[0]).toMatchObject({
        artefactPath: full.artefactPath,
        sizeBytes: full.sizeBytes,
        timeline: 1,
      });
    },
    jobMs,
  );

  it(
    "compresses as requested, and says where a chain does not allow it",
    async () => {
      const plain = succeeded(await perform(backupRequest({ compression: false })));
      const listed = await executor.list(storage, new AbortController().signal);
      expect(plain.sizeBytes).toBeGreaterThan(3 * (listed[0]?.sizeBytes ?? Infinity));
      const chained = succeeded(
        await perform(backupRequest({ backupType: "incremental", compression: true })),
      );
      expect(chained.warning).toContain("compress-type");
    },
    jobMs,
  );

  it("keeps keys in files of the database user alone", async () => {
    const file = join(workDirectory, "pgbackrest", "archive.conf");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(workDirectory, "archive-storage.json"), "utf8")).not.toContain(
      servers.s3.users.admin.accessKey,
    );
    expect(
      (await readdir(join(workDirectory, "pgbackrest"))).filter((name) => /inspect|restore/.test(name)),
    ).toEqual([]);
  });

  it("refuses another repository, naming both", async () => {
    const request = backupRequest({ storage: { ...storage, path: "/elsewhere" } });
    const failure = failureIn(await perform(request));
    expect(failure.code).toBe("archive-storage-differs");
    expect(failure.message).toContain("/elsewhere");
    expect(failure.message).toContain("/prod");
  });

  it(
    "is cancelled cleanly while it copies",
    async () => {
      const before = (await executor.list(storage, new AbortController().signal)).length;
      const seen = await witness(storage);
      seen.onCopying = () => seen.controller.abort();
      expect(failureIn(await perform(backupRequest({ compression: false }), seen)).code).toBe("cancelled");
      expect(pgBackRestProcesses()).toEqual([]);
      expect(await executor.list(storage, new AbortController().signal)).toHaveLength(before);
    },
    jobMs,
  );

  it(
    "survives kill -9 of pgBackRest and frees its lock",
    async () => {
      const seen = await witness(storage);
      seen.onCopying = () => {
        const main = pgBackRestProcesses().find(({ argv }) => argv.includes("backup"));
        if (main !== undefined) process.kill(main.pid, "SIGKILL");
      };
      expect(failureIn(await perform(backupRequest({ compression: false }), seen)).code).toBe(
        "pgbackrest-killed",
      );
      const { context } = await witness(storage);
      await executor.recover(backupRequest(), context);
      expect(pgBackRestProcesses()).toEqual([]);
      expect((await executor.recover(backupRequest(), context)).message).toBe(
        "Nothing was left to clean up.",
      );
      context.store.close();
      succeeded(await perform(backupRequest()));
    },
    jobMs,
  );
});

describe("restores", () => {
  let first = "";
  let goodTime = "";

  it("refuses what cannot succeed and touches nothing", async () => {
    const listed = await executor.list(storage, new AbortController().signal);
    first = listed[0]?.id ?? "";
    const of = (changes: Partial<RestoreRequest>): Promise<string | undefined> =>
      preflight(restoreRequest(changes));
    expect(await of({ artefactPath: "20200101-000000F" })).toBe("restore-backup-unknown");
    expect(await of({ restoreToTime: "2020-01-01T00:00:00Z" })).toBe("restore-time-too-early");
    expect(await of({ restoreToTime: "2020-01-01 00:00:00" })).toBe("restore-time-without-offset");
    expect(await of({ restoreToTime: "9999-01-01T00:00:00Z" })).toBe("restore-time-in-future");
    expect(await of({ restoreToTime: "latest", restoreTimeline: 7 })).toBe("restore-timeline-unknown");
    expect(await of({ artefactPath: "/other/backup/x/y/" })).toBe("artefact-path-invalid");
    expect(await of({ artefactPath: first })).toBeUndefined();
    const failure = failureIn(await perform(restoreRequest({ artefactPath: "20200101-000000F" })));
    expect(failure.message).toContain("Nothing was changed.");
  });

  it(
    "goes back to a time",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('wanted')");
      goodTime = await moment();
      await sql("INSERT INTO proof (what) VALUES ('mistake'); DELETE FROM proof WHERE what = 'before'");
      const seen = await witness(storage);
      const result = succeeded(await perform(restoreRequest({ restoreToTime: goodTime }), seen));
      expect(await rows()).toEqual(["before", "wanted"]);
      expect(result.timeline).toBe(2);
      expect(result.warning).toBeUndefined();
      expect(seen.pointOfNoReturn).toBe(true);
      expect(seen.finalized).toBe(true);
      expect(seen.progress.length).toBeGreaterThan(3);
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "goes back to a time on the new timeline",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('second')");
      const time = await moment();
      await sql("DROP TABLE ballast; INSERT INTO proof (what) VALUES ('mistake')");
      const result = succeeded(await perform(restoreRequest({ restoreToTime: time })));
      expect(await rows()).toEqual(["before", "wanted", "second"]);
      expect(result.timeline).toBe(3);
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "puts the old database back when the target cannot be reached",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('kept')");
      await sql(`CREATE TABLESPACE side LOCATION '${await tablespaceDirectory()}'`);
      await sql("CREATE TABLE aside (i int) TABLESPACE side; INSERT INTO aside VALUES (42)");
      const request = restoreRequest({ restoreToTime: await moment(), restoreTimeline: 1 });
      const failure = failureIn(await perform(request));
      expect(failure.code).toBe("restore-target-unreachable");
      expect(failure.message).toContain("The database is as it was before the restore.");
      expect(failure.remedy).toMatch(/\d{4}-\d{2}-\d{2}/);
      expect((await rows()).at(-1)).toBe("kept");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "puts the old database back when it is cancelled",
    async () => {
      const seen = await witness(storage);
      seen.onCopying = () => seen.controller.abort();
      const failure = failureIn(await perform(restoreRequest({ artefactPath: first }), seen));
      expect(failure.code).toBe("cancelled");
      expect((await rows()).at(-1)).toBe("kept");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "puts the old database back after the worker was killed",
    async () => {
      const worker = await startWorker(restoreRequest({ artefactPath: first }));
      await worker.firstProgress;
      worker.child.kill("SIGKILL");
      await worker.ended;
      expect(await readdir(workDirectory)).toContain("restore.json");
      expect(await preflight(backupRequest())).toBe("restore-unfinished");
      const { context } = await witness(storage);
      const { message } = await executor.recover(restoreRequest({}), context);
      context.store.close();
      expect(message).toBe("The restore was undone: the database is as it was before.");
      expect((await rows()).at(-1)).toBe("kept");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      await expectCleanState();
    },
    jobMs,
  );

  it(
    "restores the latest state, and a backup by its artefact path",
    async () => {
      await sql("INSERT INTO proof (what) VALUES ('latest')");
      const latest = succeeded(await perform(restoreRequest({ restoreToTime: "latest" })));
      expect((await rows()).at(-1)).toBe("latest");
      expect(await sql("SELECT i FROM aside")).toBe("42");
      const artefactPath = `/prod/backup/test.postgresql/${first}/`;
      const named = succeeded(await perform(restoreRequest({ artefactPath })));
      expect(named.timeline).toBeGreaterThan(latest.timeline ?? Infinity);
      expect(await rows()).toEqual(["before"]);
      await expectCleanState();
      succeeded(await perform(backupRequest({ backupType: "incremental" })));
    },
    jobMs,
  );
});

interface Worker {
  readonly child: ChildProcess;
  /** Resolves when files are being copied. */
  readonly firstProgress: Promise<void>;
  readonly ended: Promise<unknown>;
}

/** Runs a restore in a process of its own, which can be killed. */
async function startWorker(request: RestoreRequest): Promise<Worker> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const program = join(servers.directory, "worker.mjs");
  await build({
    bundle: true,
    format: "esm",
    platform: "node",
    outfile: program,
    logLevel: "error",
    stdin: {
      resolveDir: root,
      loader: "ts",
      contents: `
        import { text } from "node:stream/consumers";
        import { Credentials } from "./lib/job/storage-config.ts";
        import { createExecutor } from "./provider/postgresql/index.ts";
        const { options, environment, request, fence, keys } = JSON.parse(await text(process.stdin));
        const storage = { ...request.storage, credentials: new Credentials(keys.accessKey, keys.secretKey) };
        const nothing = () => undefined;
        await createExecutor(options, environment).restore({ ...request, storage }, {
          signal: new AbortController().signal,
          fence,
          store: { probe: async () => undefined, put: async () => undefined, close: nothing },
          progress: () => process.stdout.write("progress"),
          finalizing: nothing,
          log: nothing,
          pointOfNoReturn: nothing,
        });`,
    },
  });
  fence += 1;
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  const keys = servers.s3.users.admin;
  child.stdin.end(JSON.stringify({ options, environment, request, fence, keys }));
  return {
    child,
    firstProgress: once(child.stdout, "data").then(() => undefined),
    ended: once(child, "exit"),
  };
}

async function tablespaceDirectory(): Promise<string> {
  const [node] = servers.nodes;
  const path = join(node?.directory ?? "", "side");
  await mkdir(path, { recursive: true });
  if (process.getuid?.() === 0) await chown(path, node?.patroni.user.uid ?? 0, node?.patroni.user.gid ?? 0);
  return path;
}
