/**
 * What a hook gives to the worker that it starts, over the worker's standard input.
 *
 * @module
 */
import type { ExecutorEnvironment } from "../lib/executor.ts";
import type { JobRequest } from "../lib/job/request.ts";
import { Credentials } from "../lib/job/storage-config.ts";

/** A module by its URL, and the plain data given to what it exports. */
export interface ModuleReference {
  readonly module: string;
  /** Plain JSON. */
  readonly options?: unknown;
}

/** What a worker is to do. */
export interface WorkerInput {
  /** Run the job, or clean up after a worker that died on it. */
  readonly task: "run" | "recover";
  readonly fence: number;
  readonly request: JobRequest;
  readonly executor: ModuleReference;
  /** The artefact store's module. Default: S3. */
  readonly store?: ModuleReference;
  readonly environment: ExecutorEnvironment;
  readonly stateDirectory: string;
  /** The command that makes the unit dispatch, so that it publishes what is new. */
  readonly poke: readonly [string, ...string[]];
}

/** Writes the input, credentials included: for the pipe to the worker alone. */
export function encodeWorkerInput(input: WorkerInput): string {
  return JSON.stringify({ ...input, keys: input.request.storage.credentials.reveal() });
}

/** Reads what {@link encodeWorkerInput} wrote. */
export function decodeWorkerInput(text: string): WorkerInput {
  const { keys, ...input }: WorkerInput & { keys: { accessKey: string; secretKey: string } } =
    JSON.parse(text);
  const storage = { ...input.request.storage, credentials: new Credentials(keys.accessKey, keys.secretKey) };
  return { ...input, request: { ...input.request, storage } };
}
