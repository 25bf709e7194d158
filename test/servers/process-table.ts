/**
 * Finding and ending every process that works in a directory, whoever started it.
 *
 * @module
 */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A running process. */
export interface RunningProcess {
  readonly pid: number;
  /** The name of its program, cut by Linux to 15 characters. */
  readonly program: string;
  /** Its argument list, joined by spaces. */
  readonly command: string;
}

/** Tells whether a process runs. One that has ended and waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  const status = readStatus(pid);
  return status !== undefined && status.running;
}

/** When a process started, in the clock ticks of Linux: with its pid, an identity that is never used twice. */
export function startTime(pid: number): string | undefined {
  return readStatus(pid)?.startTime;
}

/**
 * Finds the processes that work in a directory: those that name it in their argument list or their environment, or
 * that have it or a directory beneath it as their current one.
 *
 * This process, those that it descends from, and those that belong to a person (of its own session, or with a
 * terminal) are left out: a shell or a pager in the directory is no server.
 */
export function processesIn(directory: string): readonly RunningProcess[] {
  const spared = ancestors();
  const ownSession = readStatus(process.pid)?.session;
  const found: RunningProcess[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || spared.has(pid)) continue;
    const status = readStatus(pid);
    if (status === undefined || !status.running || status.hasTerminal || status.session === ownSession)
      continue;
    const command = read(pid, "cmdline").replaceAll("\0", " ").trim();
    if (
      mentions(command, directory) ||
      mentions(read(pid, "environ"), directory) ||
      mentions(currentDirectory(pid), directory)
    ) {
      found.push({ pid, program: status.program, command });
    }
  }
  return found;
}

/** Ends every process in a directory and resolves when none is left. */
export async function endProcessesIn(directory: string): Promise<void> {
  const started = performance.now();
  while (signalProcessesIn(directory, performance.now() - started)) await delay(pollMs);
}

/** As {@link endProcessesIn}, for a process that is about to exit and cannot wait for promises. */
export function endProcessesInSync(directory: string): void {
  const started = performance.now();
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (signalProcessesIn(directory, performance.now() - started)) Atomics.wait(clock, 0, 0, pollMs);
}

const pollMs = 25;
const postgresqlGraceMs = 3_000;
const limitMs = 10_000;

/** Signals what is left; tells whether to look again. */
function signalProcessesIn(directory: string, elapsedMs: number): boolean {
  const left = processesIn(directory);
  for (const { pid, program } of left) {
    // PostgreSQL removes its shared memory when told to quit at once, and leaves it behind when killed.
    const signal = program === "postgres" && elapsedMs < postgresqlGraceMs ? "SIGQUIT" : "SIGKILL";
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile, or it belongs to somebody whom this process may not signal: the limit ends the wait.
    }
  }
  return left.length > 0 && elapsedMs < limitMs;
}

interface Status {
  readonly program: string;
  readonly running: boolean;
  readonly parent: number;
  readonly session: number;
  readonly hasTerminal: boolean;
  readonly startTime: string;
}

function readStatus(pid: number): Status | undefined {
  const text = read(pid, "stat");
  // The program's name stands in parentheses and may itself hold spaces and parentheses.
  const nameStart = text.indexOf("(");
  const nameEnd = text.lastIndexOf(")");
  if (nameStart === -1 || nameEnd === -1) return undefined;
  const fields = text.slice(nameEnd + 2).split(" ");
  const state = fields[0] ?? "X";
  return {
    program: text.slice(nameStart + 1, nameEnd),
    running: state !== "Z" && state !== "X",
    parent: Number(fields[1]),
    session: Number(fields[3]),
    hasTerminal: fields[4] !== "0",
    startTime: fields[19] ?? "",
  };
}

function ancestors(): ReadonlySet<number> {
  const found = new Set<number>();
  for (let pid = process.pid; pid > 0 && !found.has(pid); pid = readStatus(pid)?.parent ?? 0) found.add(pid);
  return found;
}

function read(pid: number, file: "cmdline" | "environ" | "stat"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function currentDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Tells whether a text names a path or something beneath it, and not merely a longer name. */
function mentions(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at !== -1; at = text.indexOf(path, at + 1)) {
    if (!/[\w.-]/u.test(text.charAt(at + path.length))) return true;
  }
  return false;
}
