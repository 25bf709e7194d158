/**
 * What a dispatch gives to the worker that it starts, over the worker's standard input.
 *
 * @module
 */
import type { ExecutorEnvironment } from "../../lib/executor.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import type { ProcessIdentity } from "../../lib/machine/machine.ts";

/** A module by its URL, and the plain data given to what it exports. */
export interface ModuleReference {
  readonly module: string;
  /** Plain JSON. */
  readonly options?: unknown;
}

/** What every worker is given. */
interface WorkerBase {
  readonly stateDirectory: string;
  /** The command that makes the unit dispatch, so that it publishes what is new. */
  readonly poke: readonly [string, ...string[]];
  /** The artefact store's module. Default: S3. */
  readonly store?: ModuleReference;
}

/** Which grant a worker works on. */
interface GrantReference {
  readonly lineage: string;
  readonly fence: number;
}

/** Run a job, or clean up after a worker that died on it. */
export interface JobTask extends WorkerBase, GrantReference {
  readonly task: "run" | "recover";
  readonly request: JobRequest;
  readonly executor: ModuleReference;
  readonly environment: ExecutorEnvironment;
  /** The life of the unit that runs it. */
  readonly incarnation: string;
  /** How many units the application is to have. */
  readonly plannedUnits: number;
  /** Where the fence has to be claimed before the job's first effect. */
  readonly claim?: StorageConfig;
}

/** End the process that works on a grant. */
export interface StopTask extends WorkerBase, GrantReference {
  readonly task: "stop";
  readonly process: ProcessIdentity;
}

/** See to it that nobody claims a fence any more. */
export interface RevokeTask extends WorkerBase, GrantReference {
  readonly task: "revoke";
  readonly storage: StorageConfig;
}

/** Find out whether a storage keeps fences. */
export interface ProbeTask extends WorkerBase {
  readonly task: "probe";
  readonly storage: StorageConfig;
}

/** What a worker is to do. */
export type WorkerInput = JobTask | StopTask | RevokeTask | ProbeTask;

/** Writes the input, credentials included: for the pipe to the worker alone. */
export function encodeWorkerInput(input: WorkerInput): string {
  return JSON.stringify(input, revealed);
}

/** Reads what {@link encodeWorkerInput} wrote. */
export function decodeWorkerInput(text: string): WorkerInput {
  const input: WorkerInput = JSON.parse(text, wrapped);
  return input;
}

function revealed(this: unknown, key: string, value: unknown): unknown {
  // By now `value` is what the credentials write of themselves, which says nothing.
  const original: unknown = Reflect.get(Object(this), key);
  return original instanceof Credentials ? original.reveal() : value;
}

function wrapped(key: string, value: unknown): unknown {
  if (key !== "credentials") return value;
  const { accessKey, secretKey }: { accessKey: string; secretKey: string } = Object(value);
  return new Credentials(accessKey, secretKey);
}
