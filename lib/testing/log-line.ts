/**
 * One line of the model's log.
 *
 * @module
 */

/** A line as `juju debug-log` would show it. */
export interface LogLine {
  readonly time: Date;
  /** The unit whose agent wrote it, for example `postgresql/0`. */
  readonly unit: string;
  readonly level: "TRACE" | "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";
  /** Who wrote it, for example `unit.postgresql/0.juju-log`. */
  readonly module: string;
  readonly message: string;
}

/** Takes what an agent, a hook tool or a charm logs. */
export type Log = (line: Omit<LogLine, "time">) => void;
