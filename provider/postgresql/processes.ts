/**
 * Finding and ending processes by what they were started with, from `/proc`.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../lib/process/errno.ts";

/** A process of this machine. */
export interface RunningProcess {
  readonly pid: number;
  readonly argv: readonly string[];
}

/** The processes that a predicate picks. Those that have ended and were not yet collected do not count. */
export async function findProcesses(
  picks: (argv: readonly string[]) => boolean,
): Promise<readonly RunningProcess[]> {
  const found: RunningProcess[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const argv = await argumentsOf(Number(name));
    if (argv.length > 0 && picks(argv)) found.push({ pid: Number(name), argv });
  }
  return found;
}

/** The pgBackRest processes that work with a configuration file, those that PostgreSQL starts for WAL left out. */
async function findPgBackRest(configFile: string): Promise<readonly RunningProcess[]> {
  return findProcesses(
    (argv) =>
      basename(argv[0] ?? "").startsWith("pgbackrest") &&
      argv.includes(`--config=${configFile}`) &&
      !argv.some((argument) => /^(archive-push|archive-get|server)\b/.test(argument)),
  );
}

/**
 * Ends the pgBackRest processes that work with a configuration file. When its main process is gone, those that copy
 * for it may stay, and they keep its lock.
 *
 * @returns how many there were.
 */
export async function endPgBackRest(configFile: string): Promise<number> {
  const found = await findPgBackRest(configFile);
  await endProcesses(
    found.map(({ pid }) => pid),
    "SIGTERM",
    pgBackRestGraceMs,
  );
  return found.length;
}

/** The postmaster of a data directory, if one runs. */
export async function findPostmaster(dataDirectory: string): Promise<RunningProcess | undefined> {
  const found = await findProcesses(
    (argv) =>
      /^(postgres|postmaster)$/.test(basename(argv[0] ?? "")) &&
      argv[argv.indexOf("-D") + 1] === dataDirectory,
  );
  return found[0];
}

/**
 * Ends processes: asks first, and kills what has not ended in time.
 *
 * @returns whether all of them are gone.
 */
export async function endProcesses(
  pids: readonly number[],
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<boolean> {
  for (const pid of pids) send(pid, signal);
  if (await waitUntilGone(pids, graceMs)) return true;
  for (const pid of pids) send(pid, "SIGKILL");
  return waitUntilGone(pids, killMs);
}

/** Waits until none of the processes runs, at most so long. */
export async function waitUntilGone(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = await Promise.all(pids.map(async (pid) => (await argumentsOf(pid)).length > 0));
    if (!left.includes(true)) return true;
    if (performance.now() >= deadline) return false;
    await sleep(pollMs);
  }
}

/** Sends a signal; a process that is gone already is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

const pollMs = 100;
const pgBackRestGraceMs = 10_000;
const killMs = 10_000;

/** Empty for a process that is gone or a zombie. */
async function argumentsOf(pid: number): Promise<readonly string[]> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return text.split("\0").filter((argument) => argument !== "");
  } catch {
    return [];
  }
}
