/**
 * The processes of a unit in a cluster of three, which a test may stop and kill, and a worker of its own for such a test.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { until } from "../simulation/until.ts";
import type { ExecutorEnvironment } from "../../lib/executor.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import type { PostgresqlOptions } from "../../provider/postgresql/index.ts";

/** Whose processes they are. */
export interface Owner {
  readonly options: PostgresqlOptions;
  readonly environment: ExecutorEnvironment;
}

/** The pids of pgBackRest at work on a backup of a unit. */
export function backupsOf(unit: Owner): readonly number[] {
  return pgBackRestOf(unit, "backup");
}

/** The pids of a unit's TLS server. */
export function tlsServerOf(unit: Owner): readonly number[] {
  return pgBackRestOf(unit, "server");
}

function pgBackRestOf({ environment }: Owner, command: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const argv = argumentsOf(pid);
      return (
        argv.includes(command) &&
        argv.some((word) => word.startsWith(`--config=${environment.workDirectory}/`))
      );
    })
    .map(Number);
}

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Stops processes where they are. @returns Lets those go on that are still there. */
export function suspend(pids: readonly number[]): () => void {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  return () => {
    for (const pid of pids.filter((each) => argumentsOf(String(each)).length > 1))
      process.kill(pid, "SIGCONT");
  };
}

/** Waits until a unit's pgBackRest has begun its backup on the primary. @returns Its pids. */
export async function begunBackup(unit: Owner, lines: readonly string[]): Promise<readonly number[]> {
  return until("the backup begins", () => {
    const found = backupsOf(unit);
    return found.length > 0 && lines.some((line) => line.includes("backup start archive"))
      ? found
      : undefined;
  });
}

/** Has a process of its own make a backup, as a worker does; it can be killed. Its program lies in a directory. */
export async function startWorker(
  directory: string,
  { options, environment }: Owner,
  request: BackupRequest,
): Promise<ChildProcess> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const program = join(directory, "worker.mjs");
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
        const { options, environment, request, keys } = JSON.parse(await text(process.stdin));
        const storage = { ...request.storage, credentials: new Credentials(keys.accessKey, keys.secretKey) };
        const nothing = () => undefined;
        await createExecutor(options, environment).backup({ ...request, storage }, {
          signal: new AbortController().signal,
          fence: 1,
          plannedUnits: 3,
          store: { probe: async () => undefined, put: async () => undefined, close: nothing },
          progress: nothing,
          finalizing: nothing,
          log: (line) => process.stdout.write(line + "\\n"),
          pointOfNoReturn: async () => undefined,
        });`,
    },
  });
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  const keys = request.storage.credentials.reveal();
  child.stdin.end(JSON.stringify({ options, environment, request, keys }));
  return child;
}
