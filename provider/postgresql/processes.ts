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
      isPgBackRest(argv) &&
      argv.includes(`--config=${configFile}`) &&
      !argv.some((argument) => /^(archive-push|archive-get|server)\b/.test(argument)),
  );
}

function isPgBackRest(argv: readonly string[]): boolean {
  return basename(argv[0] ?? "").startsWith("pgbackrest");
}

/**
 * Ends the pgBackRest processes that work with a configuration file. When its main process is gone, those that copy
 * for it may stay, and they keep its lock.
 *
 * @returns how many there were.
 */
export async function endPgBackRest(configFile: string): Promise<number> {
  return endFound(await findPgBackRest(configFile));
}

/** Whether a pgBackRest with a configuration file is at work: whole, not what one that was killed left behind. */
export async function isPgBackRestAtWork(configFile: string): Promise<boolean> {
  const found = await findPgBackRest(configFile);
  return found.some(({ argv }) => !isHelper(argv));
}

/**
 * Ends the pgBackRest processes that copy for a main process which is gone. A pgBackRest that is whole is left alone:
 * somebody may have started it by hand.
 *
 * @returns how many there were.
 */
export async function endOrphans(configFile: string): Promise<number> {
  const found = (await findPgBackRest(configFile)).filter(({ argv }) => isHelper(argv));
  const parents = await Promise.all(found.map(async ({ pid }) => parentOf(pid)));
  const hasParent = await Promise.all(
    parents.map(async (parent) => parent !== undefined && isPgBackRest(await argumentsOf(parent))),
  );
  return endFound(found.filter((_, index) => hasParent[index] !== true));
}

/** Whether a pgBackRest copies for another one. */
function isHelper(argv: readonly string[]): boolean {
  return argv.some((argument) => /^[\w-]+:(local|remote)$/.test(argument));
}

async function endFound(found: readonly RunningProcess[]): Promise<number> {
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

/** Undefined for a process that is gone. */
async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in parentheses may hold anything; the state and the parent come after it.
  const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  return parent === undefined ? undefined : Number(parent);
}
