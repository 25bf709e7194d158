/**
 * The worker: a detached process that does one job, and keeps the journal while it does.
 *
 * It runs outside of any hook. What it needs it is given on its standard input, credentials included; it loads all its
 * code before it begins, because a refresh of the charm replaces the files beneath it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executor, ExecutorModule } from "../lib/executor.ts";
import { isEnd } from "../lib/job/phase.ts";
import type { JobProgress, Progress } from "../lib/job/report.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import { identifyProcess } from "../lib/process/process-identity.ts";
import type { ArtefactStore } from "../lib/storage/artefact-store.ts";
import { failureOf, runJob, worthPublishing } from "./job-run.ts";
import { failureFields } from "./plan.ts";
import { Poker } from "./poke.ts";
import { StateDirectory } from "./state-directory.ts";
import { decodeWorkerInput, type ModuleReference, type WorkerInput } from "./worker-input.ts";

/** What an artefact store's module exports. */
export interface StoreModule {
  openStore(storage: StorageConfig, options: unknown): Promise<ArtefactStore>;
}

const listingTimeoutMs = 120_000;
const endTries = 360;
const endRetryMs = 10_000;

async function main(): Promise<void> {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  const input = decodeWorkerInput(await text(process.stdin));
  const state = new StateDirectory(input.stateDirectory);
  if (input.task === "recover") await recoverJob(input, state, stop.signal);
  else if (await enter(input.fence, state)) await runRequestedJob(input, state, stop.signal);
}

/** A worker that finds itself called dead does nothing. */
async function enter(fence: number, state: StateDirectory): Promise<boolean> {
  const identity = await identifyProcess(process.pid);
  return identity !== undefined && (await state.enterWorker(fence, { process: identity }));
}

async function runRequestedJob(
  input: WorkerInput,
  state: StateDirectory,
  signal: AbortSignal,
): Promise<void> {
  const { fence, request } = input;
  const poker = new Poker(input.poke);
  const log = jobLog(state, fence);
  let published = { percent: 0, atMs: Date.now() };
  const onProgress = (progress: Progress): void => {
    log.afterWrites(async () => await state.noteProgress({ fence, progress }));
    if (!worthPublishing(published, progress, Date.now())) return;
    published = { percent: progress.percent, atMs: Date.now() };
    poker.poke();
  };
  const record = async (progress: JobProgress): Promise<void> => {
    if (isEnd(progress.phase)) await recordEnd(state, fence, progress);
    else {
      await state.append({ record: "progress", fence, progress });
      poker.poke();
    }
  };

  let executor: Executor;
  let store: ArtefactStore;
  try {
    executor = await loadExecutor(input);
    store = await openStore(input.store, request.storage);
  } catch (error) {
    const failure = failureOf(error, "before it began");
    await record({ phase: "failed", finishedAt: now(), ...failureFields(failure) });
    poker.pokeAndLeave();
    return;
  }
  const end = await runJob({
    request,
    fence,
    executor,
    store,
    signal,
    defaultRecordFolder: defaultRecordFolder(input),
    now,
    record,
    progress: onProgress,
    log: log.write,
    logText: log.text,
  });
  if (end.phase === "succeeded" && request.type === "backup") await keepBackups(input, state, executor, log);
  store.close();
  poker.pokeAndLeave();
}

/**
 * Writes down how a job ended, however long it takes: on a disk that is full for a while, a good backup must not be
 * counted as lost.
 */
async function recordEnd(state: StateDirectory, fence: number, progress: JobProgress): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await state.append({ record: "progress", fence, progress });
      return;
    } catch (error) {
      if (tries === endTries) throw error;
      await sleep(endRetryMs);
    }
  }
}

/** Keeps the list of backups for the next dispatch. The job has ended: a list that fails changes nothing of it. */
async function keepBackups(
  input: WorkerInput,
  state: StateDirectory,
  executor: Executor,
  log: JobLog,
): Promise<void> {
  try {
    await state.keepBackups(
      await executor.list(input.request.storage, AbortSignal.timeout(listingTimeoutMs)),
    );
  } catch (error) {
    log.write(`The backups could not be listed: ${failureOf(error, "while it listed backups").message}`);
  }
}

async function recoverJob(input: WorkerInput, state: StateDirectory, signal: AbortSignal): Promise<void> {
  const { fence, request } = input;
  const log = jobLog(state, fence);
  try {
    const executor = await loadExecutor(input);
    const store = await openStore(input.store, request.storage);
    const { message } = await executor.recover(request, {
      signal,
      fence,
      store,
      progress: () => undefined,
      finalizing: () => undefined,
      log: log.write,
      pointOfNoReturn: () => undefined,
    });
    store.close();
    log.write(`Cleaned up: ${message}`);
    const end = failureFields({
      code: "worker-lost",
      message: `The process that ran this job is gone and left no result. ${message}`,
      remedy: "Look into the list of backups and at the database, then request the job anew.",
    });
    await state.append({ record: "progress", fence, progress: { phase: "lost", finishedAt: now(), ...end } });
    new Poker(input.poke).pokeAndLeave();
  } catch (error) {
    // Not poked: the dispatch would start the next try at once, and so on for ever. The next hook does.
    const { message, remedy, code } = failureOf(error, "while it cleaned up after a worker that died");
    log.write(message);
    const progress: JobProgress = {
      phase: "running",
      errorCode: code,
      message: `Cleaning up failed: ${message}`,
      remedy,
    };
    await state.append({ record: "progress", fence, progress });
  }
}

interface JobLog {
  readonly write: (line: string) => void;
  readonly text: () => Promise<string>;
  readonly afterWrites: (action: () => Promise<void>) => void;
}

function jobLog(state: StateDirectory, fence: number): JobLog {
  const path = state.logFile(fence);
  // A log that cannot be written, on a full disk for example, must not end the job that it is about.
  let writes = Promise.resolve();
  const afterWrites = (action: () => Promise<void>): void => {
    writes = writes.then(action).catch(() => undefined);
  };
  return {
    write: (line) => afterWrites(async () => await appendFile(path, `${now()} ${line}\n`)),
    text: async () => {
      await writes;
      return await readFile(path, "utf8").catch(() => "");
    },
    afterWrites,
  };
}

async function loadExecutor(input: WorkerInput): Promise<Executor> {
  const loaded: ExecutorModule = await import(input.executor.module);
  return loaded.createExecutor(input.executor.options, input.environment);
}

async function openStore(
  reference: ModuleReference | undefined,
  storage: StorageConfig,
): Promise<ArtefactStore> {
  if (reference === undefined) {
    const { openS3Store } = await import("../lib/storage/s3-store.ts");
    return await openS3Store(storage);
  }
  const loaded: StoreModule = await import(reference.module);
  return await loaded.openStore(storage, reference.options);
}

function defaultRecordFolder(input: WorkerInput): string {
  const job = createHash("sha256").update(input.request.id).digest("hex").slice(0, 32);
  return `database-backup/${input.environment.application}/${job}`;
}

function now(): string {
  return new Date().toISOString();
}

await main();
