/**
 * The errors of the library: what happened to what, why, and what to do next.
 *
 * What was expected to be possible (a job that failed, a databag that is malformed) is data, never one of these.
 *
 * @module
 */
import type { Failure } from "./job/report.ts";

/** Every code that an error of this library may bear. Documented in `docs/reference/errors.md`. */
export type ErrorCode =
  | "configuration-invalid"
  | "database-ambiguous"
  | "database-unknown"
  | "executor-failed"
  | "feature-missing"
  | "grant-elsewhere"
  | "grant-held"
  | "grant-unknown"
  | "hook-tool-failed"
  | "job-unknown"
  | "journal-unreadable"
  | "leadership-expired"
  | "not-leader"
  | "peer-databag-unreadable"
  | "request-invalid"
  | "schedule-unknown"
  | "storage-failed"
  | "storage-missing";

/** What each error says besides its message. */
export interface ErrorOptions {
  /** One imperative sentence: what to do next. */
  readonly remedy: string;
  /** Whether the same call may succeed later without anybody changing anything. Default: false. */
  readonly retryable?: boolean;
  /** What was thrown beneath, if anything. */
  readonly cause?: unknown;
}

const brand = Symbol.for("juju-database-backup.error");

/** The base of every error that this library throws. */
export abstract class DatabaseBackupError extends Error {
  /** The class's name, which a bundle that was made small shortens. */
  abstract override readonly name: string;
  /** Stable, for programs. */
  abstract readonly code: ErrorCode;
  /** One imperative sentence, for people. */
  readonly remedy: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;

  constructor(message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Tells whether something thrown is an error of this library, also where two copies of it are installed. */
export function isDatabaseBackupError(thrown: unknown): thrown is DatabaseBackupError {
  return typeof thrown === "object" && thrown !== null && brand in thrown;
}

/** An option or a setting has a value that cannot be used. Thrown where it is read, before anything is done. */
export class ConfigurationError extends DatabaseBackupError {
  override readonly name = "ConfigurationError";
  readonly code = "configuration-invalid";
}

/** Why a request cannot be made. */
export type RequestErrorCode = Extract<
  ErrorCode,
  | "database-ambiguous"
  | "database-unknown"
  | "feature-missing"
  | "grant-elsewhere"
  | "grant-held"
  | "grant-unknown"
  | "job-unknown"
  | "not-leader"
  | "request-invalid"
  | "schedule-unknown"
  | "storage-missing"
>;

/** What a caller asked for cannot be requested. Nothing was written. */
export class RequestError extends DatabaseBackupError {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string, options: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How a child process ended, in the one shape that success and failure share. */
export interface CommandOutcome {
  /** Absent where a signal or a failure to start ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * One of Juju's hook tools failed. Thrown by the binding in `lib/juju`. It keeps nothing of the tool's output, which may
 * be a databag with credentials.
 */
export class HookToolError extends DatabaseBackupError {
  override readonly name = "HookToolError";
  readonly code = "hook-tool-failed";
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;

  constructor(
    message: string,
    { exitCode, signal }: Pick<CommandOutcome, "exitCode" | "signal">,
    options: ErrorOptions,
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** The journal on local disk cannot be read or written. No job is started while this holds. */
export class JournalError extends DatabaseBackupError {
  override readonly name = "JournalError";
  readonly code = "journal-unreadable";
}

/** The peer databags of an application's units cannot be read. No job is started while this holds. */
export class PeerDatabagError extends DatabaseBackupError {
  override readonly name = "PeerDatabagError";
  readonly code = "peer-databag-unreadable";
}

/** A dispatch took longer than the time for which Juju promises leadership. What it was to write is dropped. */
export class LeadershipError extends DatabaseBackupError {
  override readonly name = "LeadershipError";
  readonly code = "leadership-expired";
}

/** An executor could not do what it was asked for, and says why. A job that it was working on ends with that failure. */
export class ExecutorError extends DatabaseBackupError {
  override readonly name = "ExecutorError";
  readonly code = "executor-failed";
  /** Why, with the executor's own code. */
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, { remedy: failure.remedy, cause });
    this.failure = failure;
  }
}

/** Tells whether something thrown is an {@link ExecutorError}, also one of another copy of this library. */
export function isExecutorError(thrown: unknown): thrown is ExecutorError {
  return isDatabaseBackupError(thrown) && thrown.code === "executor-failed";
}

/** The artefact store refused or failed an operation. */
export class StorageError extends DatabaseBackupError {
  override readonly name = "StorageError";
  readonly code = "storage-failed";
  /** The HTTP status of the answer; absent where there was none. */
  readonly httpStatus: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly httpStatus?: number | undefined }) {
    super(message, options);
    this.httpStatus = options.httpStatus;
  }
}
