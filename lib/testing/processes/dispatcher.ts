/**
 * Runs a charm's own `./dispatch`, and the commands of `juju-exec`, as processes.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { signalGroup } from "../../process/run.ts";
import type { ProcessEnd } from "../agent/operation.ts";

/** What to run, and who hears of what it prints. */
export interface DispatchOptions {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Standard input. Default: empty. */
  readonly stdin?: string;
  readonly onStdoutLine: (line: string) => void;
  readonly onStderrLine: (line: string) => void;
}

/** How many bytes of each stream are kept for the results of an action or the answer to `juju-exec`. */
const keptBytes = 1024 * 1024;
/** How many lines of each stream are logged; a charm that floods its output must not fill the memory. */
const loggedLines = 10_000;
const longestLine = 16_384;
/** A background process that holds the charm's output open does not keep its hook from ending. */
const lingerMs = 250;

/** Runs one process at a time in a process group of its own. */
export class Dispatcher {
  #running: ChildProcess | undefined;

  /** Runs a process to its end. Never rejects: what cannot be started has exit code 127. */
  async run(options: DispatchOptions): Promise<ProcessEnd> {
    const [program, ...args] = options.argv;
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#running = child;
    const stdout = new OutputReader(child.stdout, options.onStdoutLine);
    const stderr = new OutputReader(child.stderr, options.onStderrLine);
    // A process that ends without reading its input is no failure of ours.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    const exitCode = await new Promise<number>((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        options.onStderrLine(`cannot run ${program}: ${error.code ?? error.message}`);
        resolve(127);
      });
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
    this.#running = undefined;
    if (child.pid !== undefined) await Promise.all([stdout.ended(), stderr.ended()]);
    return { exitCode, stdout: stdout.finish(), stderr: stderr.finish() };
  }

  /** Kills the process that runs, with its group. */
  kill(): void {
    const pid = this.#running?.pid;
    if (pid !== undefined) signalGroup(pid, "SIGKILL");
  }

  /** Kills the process that runs, and nothing that it started. */
  killAlone(): void {
    this.#running?.kill("SIGKILL");
  }
}

/** Reads a stream to its end whatever comes, but keeps only so much of it. */
class OutputReader {
  readonly #stream: Readable;
  readonly #onLine: (line: string) => void;
  readonly #end: Promise<void>;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  readonly #decoder = new StringDecoder("utf8");
  #partial = "";
  #lines = 0;

  constructor(stream: Readable, onLine: (line: string) => void) {
    this.#stream = stream;
    this.#onLine = onLine;
    this.#end = new Promise((resolve) => {
      stream.once("close", resolve);
    });
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => this.#add(chunk));
  }

  async ended(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const linger = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lingerMs);
    });
    await Promise.race([this.#end, linger]);
    clearTimeout(timer);
    this.#stream.destroy();
  }

  finish(): string {
    if (this.#partial !== "") this.#line(this.#partial);
    this.#partial = "";
    return this.#tail().toString("utf8");
  }

  #add(chunk: Buffer): void {
    this.#kept.push(chunk);
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > 2 * keptBytes) {
      this.#kept = [this.#tail()];
      this.#keptBytes = keptBytes;
    }
    if (this.#lines > loggedLines) return;
    const lines = (this.#partial + this.#decoder.write(chunk)).split("\n");
    this.#partial = (lines.pop() ?? "").slice(0, longestLine);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    this.#lines += 1;
    if (this.#lines <= loggedLines) this.#onLine(line.slice(0, longestLine));
    else if (this.#lines === loggedLines + 1)
      this.#onLine(`(more than ${loggedLines} lines; the rest is not logged)`);
  }

  #tail(): Buffer {
    const all = Buffer.concat(this.#kept);
    return all.length > keptBytes ? all.subarray(all.length - keptBytes) : all;
  }
}
