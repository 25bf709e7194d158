/**
 * What may happen next in a model that goes step by step.
 *
 * @module
 */

/**
 * What can go wrong at a step:
 *
 * - `kill`: the process is killed (SIGKILL) in place of what it was about to do; a dispatch has failed then.
 * - `exit-1`: the dispatch ends with exit code 1 in place of it.
 * - `fail`: it fails, and the process goes on: a hook tool ends with code 1, the disk answers EIO, no process can be
 *   started, a command that is left behind is lost.
 * - `uncommitted`: the dispatch ends well, and its agent is killed before it hands over what was written.
 * - `unrecorded`: what was written is handed over, and the agent is killed before it takes note that the hook is done.
 */
export type Fault = "kill" | "exit-1" | "fail" | "uncommitted" | "unrecorded";

/** One thing that may happen next. Plain data. */
export interface Step {
  /**
   * Tells it from everything else that may happen now. The same thing has the same name in every run: units, operations
   * and tools, and no random ids. For example `database/0 begins config-changed`, `database/0 relation-get`,
   * `database/0 process 101 disk.append`.
   */
  readonly name: string;
  /**
   * - `notice`: a unit's agent takes note of something that causes no hook by itself: a new relation, leadership lost.
   * - `begin`: a unit's agent begins its next hook, action or command, up to the first thing that the charm does.
   * - `act`: a process does one thing: a hook tool, something on the disk, something about processes.
   * - `end`: a dispatch ends, and its writes are handed over or dropped.
   * - `timer`: a timer that is due fires.
   * - `time`: time passes until the next timer is due. The timer itself is a step of its own.
   */
  readonly kind: "notice" | "begin" | "act" | "end" | "timer" | "time";
  /** The machine that it happens on: the name of a unit; of a later unit of that name with a number, `database/0@2`. */
  readonly machine?: string;
  /** The unit whose agent or charm it is. Absent for workers that have outlived their unit. */
  readonly unit?: string;
  /** The worker's pid; absent for a dispatch. */
  readonly pid?: number;
  /** What is begun, done or ended: `config-changed`, `relation-get`, `disk.append`. */
  readonly what: string;
  /** The arguments of a hook tool or of a command, or the path of a file. */
  readonly args: readonly string[];
  /** How much time passes, in milliseconds. Default: 0. */
  readonly ms?: number;
  /** What can go wrong here. */
  readonly faults: readonly Fault[];
}
