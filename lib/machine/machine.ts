/**
 * The machine port: what this library asks of the machine that a unit runs on, and nothing of how it is done.
 *
 * It has three parts: the time, the disk that outlives hooks, and processes that outlive hooks. What a charm's own
 * executor does on the machine (run a database, talk to its tools) is not in it: that is the executor's affair.
 *
 * Bindings: {@link nodeMachine} is the real machine; the simulated Juju has one in memory.
 *
 * @module
 */

/** The time on a machine. */
export interface Clock {
  /** The date and the time of day, which an admin may set back or forth. */
  now(): Date;
  /** Seconds since the machine started, time asleep included: for measuring, since it never goes back. */
  uptime(): number;
  /** Waits; ends early, without a word, when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How a file is written. */
export interface WriteOptions {
  /** Whether the content is on the disk itself when the promise resolves. Default: false. */
  readonly sync?: boolean;
}

/** Files on local disk. Paths are absolute. Failures are Node's system errors, with their `code`. */
export interface Disk {
  /** A file's content as UTF-8; undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /**
   * Adds to the end of a file, creating it.
   *
   * @param text What to add.
   * @param options `mend` is written first where the file does not end with a line end, as after a crash.
   */
  append(path: string, text: string, options?: WriteOptions & { readonly mend?: string }): Promise<void>;
  /** Puts a file in the place of another, or where there was none: readers find the old content or the new. */
  replace(path: string, text: string, options?: WriteOptions): Promise<void>;
  /**
   * Creates a file that is there with all its content or not at all.
   *
   * @returns False where there was one, which stays as it is.
   */
  create(path: string, text: string): Promise<boolean>;
  /** Renames a file. @returns False where there is none. */
  rename(from: string, to: string): Promise<boolean>;
  /** The names in a directory. */
  list(directory: string): Promise<readonly string[]>;
  /** Creates a directory with those above it, readable by all. One that exists is made readable by all. */
  makeDirectory(path: string): Promise<void>;
  /** Removes a file, or a directory with everything in it. One that is gone already is no failure. */
  remove(path: string): Promise<void>;
}

/** Tells one process from every other that bears, or will bear, its pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startTime: string;
  /** The kernel's id of this run of the machine. */
  readonly bootId: string;
}

/** The code of a process that outlives the hook that starts it. */
export interface Program {
  /** The module that a real process runs, as a file URL. */
  readonly main: string;
  /** The same program for a process in memory. Never loaded by a real machine. */
  readonly load: () => Promise<ProgramModule>;
  /** Plain words on the command line, which tell an admin what the process is for. */
  readonly args: readonly string[];
}

/** What a program's module exports. */
export interface ProgramModule {
  /** Runs the program to its end. */
  run(self: RunningProgram): Promise<void>;
}

/** A running program's own view. */
export interface RunningProgram {
  readonly machine: Machine;
  readonly identity: ProcessIdentity;
  /** What it was given on its standard input. */
  readonly input: string;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
}

/** Processes on the machine. */
export interface Processes {
  /**
   * Starts a program as a process of its own: its own process group, no hook context, its input over a pipe.
   *
   * @param outputFile Where its output goes, over what stood there.
   * @returns Who it is; undefined where it has ended already.
   */
  start(program: Program, input: string, outputFile: string): Promise<ProcessIdentity | undefined>;
  /** Whether exactly this process still runs. */
  isRunning(identity: ProcessIdentity): Promise<boolean>;
  /**
   * Asks exactly this process to end, or ends it and its process group at once. One that is gone is no failure.
   */
  signal(identity: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Runs a command that outlives this process. Resolves when it has ended, however it did; nobody needs to wait. */
  leave(command: readonly [string, ...string[]]): Promise<void>;
}

/** The machine that a unit runs on. */
export interface Machine {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly processes: Processes;
}
