/**
 * PostgreSQL under an executor, on the real servers, and what the executor does there.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { chown, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect } from "vitest";
import type { Executor, ExecutorEnvironment, JobContext, JobResult } from "../../lib/executor.ts";
import type { Progress } from "../../lib/job/report.ts";
import type { BackupRequest, JobRequest, RestoreRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { openS3Store } from "../../lib/storage/s3-store.ts";
import { createExecutor, type PostgresqlOptions } from "../../provider/postgresql/index.ts";
import type { Servers } from "../servers/servers.ts";
import { optionsOfNode } from "./node-options.ts";
import { startWatchedServers } from "./watched-servers.ts";

export const repositoryPath = "/prod data+100%/ü";

export let servers: Servers;
export let options: PostgresqlOptions;
export let executor: Executor;
export let storage: StorageConfig;
export let workDirectory: string;
export let environment: ExecutorEnvironment;
let fence = 0;
let jobs = 0;

/** What a job said while it ran. */
export interface Witness {
  readonly context: JobContext;
  readonly controller: AbortController;
  readonly lines: string[];
  readonly progress: Progress[];
  finalized: boolean;
  pointOfNoReturn: boolean;
  /** Called when the first file has been copied. */
  onCopying: (() => void) | undefined;
}

export async function witness(of: StorageConfig): Promise<Witness> {
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
      plannedUnits: 1,
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
      pointOfNoReturn: async () => {
        seen.pointOfNoReturn = true;
      },
    },
  };
  return seen;
}

export function backupRequest(changes: Partial<BackupRequest> = {}): BackupRequest {
  jobs += 1;
  return { id: `job-${jobs}`, type: "backup", backupType: "full", compression: true, storage, ...changes };
}

export function restoreRequest(changes: Partial<RestoreRequest>): RestoreRequest {
  jobs += 1;
  return { id: `job-${jobs}`, type: "restore", compression: true, storage, ...changes };
}

export async function perform(request: JobRequest, seen?: Witness): Promise<JobResult> {
  const { context } = seen ?? (await witness(request.storage));
  const result =
    request.type === "backup"
      ? await executor.backup(request, context)
      : await executor.restore(request, context);
  context.store.close();
  return result;
}

export async function preflight(request: JobRequest): Promise<string | undefined> {
  const { context } = await witness(request.storage);
  const failure = await executor.preflight(request, context);
  context.store.close();
  expect(failure?.remedy ?? "A sentence.").toMatch(/^[A-Z].*\.$/);
  expect(JSON.stringify(failure ?? {})).not.toContain(servers.s3.users.admin.secretKey);
  return failure?.code;
}

export function succeeded(result: JobResult): Extract<JobResult, { succeeded: true }> {
  if (!result.succeeded) throw new Error(JSON.stringify(result.failure));
  return result;
}

export function failureIn(result: JobResult): {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
} {
  if (result.succeeded) throw new Error("the job succeeded");
  return result.failure;
}

export async function sql(statement: string): Promise<string> {
  return (await servers.psql(0, statement)).trim();
}

export async function rows(): Promise<readonly string[]> {
  return (await sql("SELECT what FROM proof ORDER BY id")).split("\n");
}

/** A moment that certainly lies between what was committed before and what will be after. */
export async function moment(): Promise<string> {
  await sleep(1_100);
  const text = await sql(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  );
  await sleep(1_100);
  return text;
}

/** The pgBackRest processes of our executor, those that archive WAL left out. At once: what is looked for is brief. */
export function pgBackRestProcesses(): readonly { readonly pid: number; readonly argv: readonly string[] }[] {
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

export function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

export async function expectCleanState(): Promise<void> {
  const { dataDirectory } = options.postgresql;
  const beside = await readdir(join(dataDirectory, ".."));
  expect(beside.filter((name) => /before-restore|\.failed/.test(name))).toEqual([]);
  expect(await readdir(options.patroni.configDirectory)).toEqual(["patroni.yml"]);
  expect(await readdir(workDirectory)).not.toContain("restore.json");
  expect(await executor.standing()).toEqual({ ready: true, role: "primary" });
}

/** Starts the servers, with an executor, a storage and a table to prove restores by. */
export async function startStand(): Promise<void> {
  servers = await startWatchedServers();
  const [node] = servers.nodes;
  if (node === undefined) throw new Error("there is no node");
  await servers.s3.createBucket("backups");
  workDirectory = join(servers.directory, "executor");
  await mkdir(workDirectory);
  options = optionsOfNode(node);
  environment = {
    unit: "postgresql/0",
    application: "postgresql",
    modelUuid: "6c1c2ddc-75a1-4c18-8c39-2ef1d4c4b8a9",
    workDirectory,
  };
  executor = createExecutor(options, environment);
  storage = {
    bucket: "backups",
    // Odd on purpose: both clients encode and sign it, and the server checks that they do so alike.
    path: `${repositoryPath}/`,
    endpoint: servers.s3.endpoint,
    region: servers.s3.region,
    uriStyle: "path",
    tlsCaChain: [Buffer.from(servers.s3.caPem).toString("base64")],
    credentials: new Credentials(servers.s3.users.admin.accessKey, servers.s3.users.admin.secretKey),
  };
  await sql(
    "CREATE TABLE proof (id serial, what text); INSERT INTO proof (what) VALUES ('before');" +
      "CREATE TABLE ballast AS SELECT i, md5(i::text) AS text FROM generate_series(1, 100000) AS i;",
  );
}

/** Stops the servers. */
export async function stopStand(): Promise<void> {
  await servers?.stop();
}

export interface Worker {
  readonly child: ChildProcess;
  /** Resolves when files are being copied. */
  readonly firstProgress: Promise<void>;
  readonly ended: Promise<unknown>;
}

/** Kills Patroni, as a machine does that runs out of memory. What it had started goes on, but for a while at the most. */
export async function killPatroni(): Promise<void> {
  const { configDirectory } = options.patroni;
  const pids = readdirSync("/proc").filter(
    (name) =>
      /^\d+$/.test(name) &&
      argumentsOf(name).some((argument) => argument.endsWith("/patroni")) &&
      argumentsOf(name).includes(configDirectory),
  );
  expect(pids).not.toEqual([]);
  for (const pid of pids) process.kill(Number(pid), "SIGKILL");
  while (pids.some((pid) => argumentsOf(pid).length > 1)) await sleep(50);
}

/** Runs a restore in a process of its own, which can be killed. */
export async function startWorker(request: RestoreRequest): Promise<Worker> {
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
          plannedUnits: 1,
          store: { probe: async () => undefined, put: async () => undefined, close: nothing },
          progress: () => process.stdout.write("progress"),
          finalizing: nothing,
          log: nothing,
          pointOfNoReturn: async () => undefined,
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

export async function tablespaceDirectory(): Promise<string> {
  const [node] = servers.nodes;
  const path = join(node?.directory ?? "", "side");
  await mkdir(path, { recursive: true });
  if (process.getuid?.() === 0) await chown(path, node?.patroni.user.uid ?? 0, node?.patroni.user.gid ?? 0);
  return path;
}
