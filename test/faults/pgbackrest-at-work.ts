/**
 * The pgBackRest processes of a stand, and what can be done to them.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProcesses, type RunningProcess } from "../../provider/postgresql/processes.ts";

/** The pgBackRest processes of a directory of servers, those that archive WAL or serve other members left out. */
export async function pgBackRestIn(directory: string): Promise<readonly RunningProcess[]> {
  return await findProcesses(
    (argv) =>
      basename(argv[0] ?? "") === "pgbackrest" &&
      argv.some((argument) => argument.includes(directory)) &&
      !argv.some((argument) => /^(?:archive-(?:push|get)|server$)/.test(argument)),
  );
}

/** Whether a process copies for another one. */
export function isCopier({ argv }: RunningProcess): boolean {
  return argv.some((argument) => /^(?:backup|restore):local$/.test(argument));
}

/**
 * Waits until files are being copied, and stops all of pgBackRest where it is, until {@link thaw}. From its beginning it gets
 * but moments at a time, so that a machine which is busy with others cannot miss the copying.
 */
export async function freezeWhileCopying(directory: string): Promise<readonly RunningProcess[]> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const found = atWorkNow(directory);
    signalAll(found, "SIGSTOP");
    if (found.some(isCopier)) return found;
    signalAll(found, "SIGCONT");
    await sleep(momentMs);
  }
  throw new Error("It did not happen that pgBackRest copied files.");
}

/** Waits until PostgreSQL fetches so many segments of WAL, one after the other, and stops pgBackRest at the last of them. */
export async function freezeFetchOfWal(
  directory: string,
  segments: number,
): Promise<readonly RunningProcess[]> {
  const deadline = performance.now() + limitMs;
  const seen = new Set<string>();
  while (performance.now() < deadline) {
    const found = runningNow(directory, /^archive-get$/);
    for (const { argv } of found) seen.add(argv.find((argument) => /^[0-9A-F]{24}$/.test(argument)) ?? "");
    seen.delete("");
    if (seen.size >= segments) {
      signalAll(found, "SIGSTOP");
      return found;
    }
    await sleep(momentMs);
  }
  throw new Error(`It did not happen that PostgreSQL fetched ${segments} segments.`);
}

/** Those that make a backup or a restore. */
function atWorkNow(directory: string): readonly RunningProcess[] {
  return runningNow(directory, /^(?:backup|restore)(?::local)?$/);
}

/** The pgBackRest processes of a command. At once: what is looked for is brief. */
function runningNow(directory: string, command: RegExp): readonly RunningProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), argv: argumentsNow(name) }))
    .filter(
      ({ argv }) =>
        basename(argv[0] ?? "") === "pgbackrest" &&
        argv.some((argument) => argument.includes(directory)) &&
        argv.some((argument) => command.test(argument)),
    );
}

function argumentsNow(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Lets processes go on that were stopped. */
export function thaw(processes: readonly RunningProcess[]): void {
  signalAll(processes, "SIGCONT");
}

/** Sends a signal to all of those that are still there. */
export function signalAll(processes: readonly RunningProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

const limitMs = 240_000;
const momentMs = 10;
