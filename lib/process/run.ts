/**
 * The one runner of child processes: an argument list (never a shell), bounded output, a time limit, and an end that
 * takes the whole process group along.
 *
 * @module
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { CommandOutcome } from "../errors.ts";
import { BoundedLines } from "./bounded-lines.ts";
import { errnoOf } from "./errno.ts";

/** A clock that never goes back. That of `performance` takes a hook milliseconds to load. */
function uptimeMs(): number {
  return process.uptime() * 1000;
}

/** How to run a command. */
export interface RunOptions {
  /** Given on standard input, which is empty otherwise. The place for secrets: never put one on `argv`. */
  readonly stdin?: string;
  /** The whole environment. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** After this many milliseconds the process group gets SIGTERM, and SIGKILL 5 s later. Default: no limit. */
  readonly timeoutMs?: number;
  /** After so many milliseconds without a line on standard output it is ended as by a time-out. Default: no limit. */
  readonly silenceMs?: number;
  /** Ends the process group as a time-out does. */
  readonly signal?: AbortSignal;
  /** How many bytes of each output stream are kept; of a longer one the end is kept. Default: 1 MiB. */
  readonly maxOutputBytes?: number;
  /** Called with each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
  /** How many bytes of a line are kept; the rest of a longer one is dropped. Default: 64 KiB. */
  readonly maxLineBytes?: number;
  /** The unix user and group to run as. Needs root. Default: those of this process. */
  readonly identity?: { readonly uid: number; readonly gid: number };
}

/** What ends a command before its time: its time limit, the caller, or that it has said nothing for too long. */
export type EndedBy = "time-out" | "abort" | "silence";

/** How a command ended. Success and failure have the same shape. */
export interface RunResult extends CommandOutcome {
  /** What ended it before its time, if anything did. */
  readonly endedBy: EndedBy | undefined;
  /** Why it could not be started, for example ENOENT. */
  readonly startFailure: string | undefined;
  readonly durationMs: number;
}

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

const graceMs = 5_000;
const defaultMaxOutputBytes = 1024 * 1024;
const defaultMaxLineBytes = 64 * 1024;

/**
 * Runs a command to its end. Never rejects for what the command does: read `exitCode`.
 *
 * @param argv The program, looked up on PATH, and its arguments.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const { onLine, silenceMs } = options;
  const startedMs = uptimeMs();
  let child: Child;
  try {
    child = start(argv, options);
  } catch (error) {
    // Most failures to start come as an event; some, such as E2BIG and ENOTDIR, are thrown.
    const startFailure = errnoOf(error);
    if (startFailure === undefined) throw error;
    return {
      exitCode: undefined,
      signal: undefined,
      stdout: "",
      stderr: "",
      endedBy: undefined,
      startFailure,
      durationMs: uptimeMs() - startedMs,
    };
  }
  const limit = options.maxOutputBytes ?? defaultMaxOutputBytes;
  const stdout = new BoundedOutput(limit);
  const stderr = new BoundedOutput(limit);
  child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
  // A program that ends without reading its input is no failure of ours: its exit code tells.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.stdin);

  let endedBy: RunResult["endedBy"];
  let killTimer: NodeJS.Timeout | undefined;
  const end = (reason: EndedBy): void => {
    if (endedBy !== undefined || child.pid === undefined) return;
    endedBy = reason;
    signalGroup(child.pid, "SIGTERM");
    killTimer = setTimeout(() => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      // A process that has left the group may hold its ends of the pipes for ever.
      child.stdout.destroy();
      child.stderr.destroy();
    }, graceMs);
  };
  const onAbort = (): void => end("abort");
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => end("time-out"), options.timeoutMs);
  const silenceTimer = silenceMs === undefined ? undefined : setTimeout(() => end("silence"), silenceMs);
  const lines =
    onLine === undefined && silenceMs === undefined
      ? undefined
      : new BoundedLines(options.maxLineBytes ?? defaultMaxLineBytes, (line) => {
          silenceTimer?.refresh();
          onLine?.(line);
        });
  if (lines !== undefined) child.stdout.on("data", (chunk: Buffer) => lines.add(chunk));

  let startFailure: string | undefined;
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      startFailure = error.code ?? error.message;
      resolve([null, null]);
    });
    child.once("close", (code, sig) => resolve([code, sig]));
  });
  lines?.end();
  clearTimeout(timer);
  clearTimeout(silenceTimer);
  clearTimeout(killTimer);
  options.signal?.removeEventListener("abort", onAbort);
  // Who ignored the first signal, and holds no pipe that would have been waited for, goes with the group's leader.
  if (endedBy !== undefined && child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  return {
    exitCode: exitCode ?? undefined,
    signal: signal ?? undefined,
    stdout: stdout.text(),
    stderr: stderr.text(),
    endedBy,
    startFailure,
    durationMs: uptimeMs() - startedMs,
  };
}

function start([program, ...args]: readonly [string, ...string[]], options: RunOptions): Child {
  const shared = {
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.identity,
    detached: true,
  };
  return options.stdin === undefined
    ? spawn(program, args, { ...shared, stdio: ["ignore", "pipe", "pipe"] })
    : spawn(program, args, { ...shared, stdio: ["pipe", "pipe", "pipe"] });
}

/** Says in a few words how a command ended, for the middle of a sentence: "exited with code 49". */
export function describeEnd(result: RunResult): string {
  if (result.startFailure !== undefined) return `could not be started (${result.startFailure})`;
  if (result.endedBy === "time-out")
    return `was ended after its time limit (${Math.round(result.durationMs / 1000)} s)`;
  if (result.endedBy === "silence") return "was ended because it had said nothing for too long";
  if (result.endedBy === "abort") return "was cancelled";
  if (result.signal !== undefined) return `was killed by ${result.signal}`;
  return `exited with code ${String(result.exitCode)}`;
}

/** Sends a signal to a process group; one that is gone already is no error. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** Keeps the end of a stream: what went wrong is said last. */
class BoundedOutput {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * this.#limit) this.#chunks = [this.#tail()];
  }

  text(): string {
    return this.#tail().toString("utf8");
  }

  #tail(): Buffer {
    const all = Buffer.concat(this.#chunks);
    const tail = all.length > this.#limit ? all.subarray(all.length - this.#limit) : all;
    this.#bytes = tail.length;
    return tail;
  }
}
