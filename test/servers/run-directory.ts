/**
 * The one directory that holds everything of a set of servers, and the promise that nothing of it outlives its host.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { endProcessesIn, endProcessesInSync, startTime } from "./process-table.ts";
import { ServerError } from "./server-error.ts";

/** A directory in use by servers of this process. */
export interface RunDirectory {
  readonly path: string;
  /** Ends what is left in it and, unless the caller gave the directory, removes it. */
  close(): Promise<void>;
  /** As `close`, at once and without promises: for an exit listener. It is called by one anyway. */
  closeSync(): void;
}

const prefix = "backup-servers-";
/** Names the process that a run directory belongs to. */
const hostFile = "host";

// The path of a unix socket has less than 108 bytes, and the longest beneath it is like node1/.s.PGSQL.54321.lock.
const longestPath = 70;

/**
 * Makes a directory for servers, or takes the given one, and makes sure that all processes in it end when this
 * process does: at its exit, by SIGINT, SIGTERM or SIGHUP, and by an exception that nobody catches. What a host
 * that was killed has left is ended and removed by the next one that opens a directory.
 *
 * @param given Must be empty or missing. It is kept when the servers stop. Default: a new temporary directory, which
 *   is removed.
 */
export async function openRunDirectory(given?: string): Promise<RunDirectory> {
  await removeAbandoned();
  const path =
    given === undefined ? await mkdtemp(join(await realpath(tmpdir()), prefix)) : await take(given);
  const remove = given === undefined;
  try {
    await check(path);
    // Servers of other unix users have their folders in it.
    await chmod(path, 0o755);
    await writeFile(join(path, hostFile), `${process.pid} ${startTime(process.pid) ?? ""}\n`);
  } catch (error) {
    if (remove) await rm(path, { recursive: true });
    throw error;
  }
  const closeSync = (): void => {
    endProcessesInSync(path);
    unmountIn(path);
    if (remove) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    closers.delete(closeSync);
  };
  watchForTheEnd();
  closers.add(closeSync);
  return {
    path,
    closeSync,
    close: async () => {
      await endProcessesIn(path);
      unmountIn(path);
      if (remove) await rm(path, { recursive: true, force: true, maxRetries: 3 });
      closers.delete(closeSync);
    },
  };
}

async function take(given: string): Promise<string> {
  await mkdir(resolve(given), { recursive: true });
  const path = await realpath(given);
  if ((await readdir(path)).length > 0) {
    throw new ServerError(`The servers cannot be started in ${path}: it is not empty.`, {
      remedy: "Empty it or give another one.",
    });
  }
  return path;
}

async function check(path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new ServerError(
      `The servers cannot be started in ${path}: with more than ${longestPath} bytes, the unix sockets in it would ` +
        "have paths longer than Linux allows.",
      { remedy: "Give a directory with a shorter path, or set TMPDIR to one." },
    );
  }
  for (let parent = dirname(path); parent !== "/"; parent = dirname(parent)) {
    if (process.getuid?.() === 0 && ((await stat(parent)).mode & 0o001) === 0) {
      throw new ServerError(
        `The servers cannot be started in ${path}: ${parent} is closed to the unix user postgres.`,
        { remedy: "Give another directory, or set TMPDIR to one that everybody may enter, such as /tmp." },
      );
    }
  }
}

async function removeAbandoned(): Promise<void> {
  const parent = await realpath(tmpdir());
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    // What other users left is not for us to end, and what they made is not to be trusted.
    const owner = await stat(path).then(
      ({ uid }) => uid,
      () => undefined,
    );
    if (owner !== process.getuid?.()) continue;
    const host = await readFile(join(path, hostFile), "utf8").catch(() => undefined);
    // Without the file, its host is about to write it.
    if (host === undefined) continue;
    const [pid, started] = host.trim().split(" ");
    if (startTime(Number(pid)) === started) continue;
    await endProcessesIn(path);
    unmountIn(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Takes away the file systems that are mounted beneath a directory. */
function unmountIn(directory: string): void {
  const mounted = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  for (const path of mounted.filter((each) => each.startsWith(`${directory}/`)))
    execFileSync("umount", ["--lazy", path]);
}

const closers = new Set<() => void>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let watching = false;

function watchForTheEnd(): void {
  if (watching) return;
  watching = true;
  process.on("exit", closeAll);
  for (const signal of signals) process.on(signal, onSignal);
}

function closeAll(): void {
  for (const close of closers) close();
}

function onSignal(signal: NodeJS.Signals): void {
  // A host with a listener of its own ends the servers its own way, at the latest by its exit.
  if (process.listenerCount(signal) > 1) return;
  closeAll();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
