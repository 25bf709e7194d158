/**
 * Long-running processes: started in a process group of their own, watched until they are ready, and ended for good.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "../../lib/process/errno.ts";
import { signalGroup } from "../../lib/process/run.ts";
import { programPath } from "./programs.ts";
import { isRunning } from "./process-table.ts";
import { ServerError } from "./server-error.ts";
import { asUser, type UnixUser } from "./unix-user.ts";

/** What to start. */
export interface DaemonOptions {
  /** How messages name it: "etcd", "Patroni of node1". */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly user: UnixUser;
  /** Gets standard output and standard error, at its end. */
  readonly logFile: string;
  /** The one directory of all the servers: the process bears its name, by which it can be found later. */
  readonly runDirectory: string;
  /** Added to the small environment that each daemon gets. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment variable by which the processes of a run directory, and all that they start, can be found. */
export const runDirectoryVariable = "DATABASE_BACKUP_SERVERS";

const pollMs = 40;
const defaultReadyLimitMs = 60_000;
const defaultGraceMs = 15_000;

/** A process that was started and goes on until it is stopped. */
export class Daemon {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  #end: string | undefined;

  private constructor(name: string, pid: number, logFile: string) {
    this.name = name;
    this.pid = pid;
    this.logFile = logFile;
  }

  /**
   * Starts a process.
   *
   * @throws {@link ServerError} where the program cannot be started at all.
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const [program, ...args] = asUser(options.user, options.argv);
    const log = openSync(options.logFile, "a");
    // The environment of whoever runs the tests (proxies, PG*, PYTHONPATH, CEPH_ARGS) must not reach the servers.
    const env = {
      PATH: programPath,
      HOME: options.user.home,
      LANG: "C.UTF-8",
      [runDirectoryVariable]: options.runDirectory,
      ...options.env,
    };
    const child = spawn(program, args, { cwd: "/", env, detached: true, stdio: ["ignore", log, log] });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) =>
        reject(
          new ServerError(`${options.name} could not be started: ${cause.message}.`, {
            remedy: `Make sure that ${program} is installed and on PATH.`,
            cause,
          }),
        ),
      );
    });
    // A host that forgot to stop its servers must still be able to end; what it left is ended by its exit listener.
    child.unref();
    const daemon = new Daemon(options.name, child.pid ?? -1, options.logFile);
    child.once("exit", (code, signal) => {
      daemon.#end = signal === null ? `exited with code ${String(code)}` : `was killed by ${signal}`;
    });
    return daemon;
  }

  /**
   * Waits until a probe says that the server can be used.
   *
   * @param probe Resolves to true as soon as it can. What it throws counts as "not yet".
   * @throws {@link ServerError} where the process ends before, or the time limit passes.
   */
  async waitUntilReady(probe: () => Promise<boolean>, limitMs: number = defaultReadyLimitMs): Promise<void> {
    const deadline = performance.now() + limitMs;
    let reason: unknown;
    for (;;) {
      try {
        if (await probe()) return;
        reason = undefined;
      } catch (error) {
        reason = error;
      }
      if (this.#end !== undefined) {
        throw new ServerError(`${this.name} ${this.#end} before it was ready.`, {
          remedy: "Read its log for the reason.",
          logFile: this.logFile,
          cause: reason,
        });
      }
      if (performance.now() > deadline) {
        throw new ServerError(`${this.name} was not ready after ${Math.round(limitMs / 1000)} s.`, {
          remedy: "Read its log for what it waits for, and look whether the machine is overloaded.",
          logFile: this.logFile,
          cause: reason,
        });
      }
      await delay(pollMs);
    }
  }

  /** Ends it: SIGTERM, and SIGKILL for its whole process group after a delay. Resolves when it is gone. */
  async stop(graceMs: number = defaultGraceMs): Promise<void> {
    await endProcess(this.pid, graceMs);
  }

  /** Ends it without giving it time to tidy up, which is quicker where nothing of it is kept. */
  async kill(): Promise<void> {
    await endProcess(this.pid, 0);
  }
}

/**
 * Ends a process and, where it does not obey in time, its process group. One that is gone already is no error.
 *
 * @param graceMs How long to wait after SIGTERM; 0 sends SIGKILL at once.
 * @returns Whether it obeyed, that is: whether SIGKILL was not needed.
 */
export async function endProcess(pid: number, graceMs: number): Promise<boolean> {
  if (!isRunning(pid)) return true;
  if (graceMs > 0) {
    signalProcess(pid, "SIGTERM");
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline) {
      if (!isRunning(pid)) return true;
      await delay(pollMs);
    }
  }
  signalGroup(pid, "SIGKILL");
  signalProcess(pid, "SIGKILL");
  while (isRunning(pid)) await delay(pollMs);
  return false;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
