/**
 * The worker: a detached process that does one job, and keeps the journal while it does.
 *
 * It runs outside of any hook. What it needs it is given on its standard input, credentials included; it loads all its
 * code before it begins, because a refresh of the charm replaces the files beneath it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Executor, ExecutorModule } from "../lib/executor.ts";
import { isEnd } from "../lib/job/phase.ts";
import type { JobProgress, Progress } from "../lib/job/report.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import type { Clock, Machine, RunningProgram } from "../lib/machine/machine.ts";
import type { ArtefactStore } from "../lib/storage/artefact-store.ts";
import { failureOf, runJob, worthPublishing } from "./job-run.ts";
import { failureFields } from "./plan.ts";
import { Poker } from "./poke.ts";
import { StateDirectory, type WorkerEntry } from "./state-directory.ts";
import { decodeWorkerInput, type ModuleReference, type WorkerInput } from "./worker-input.ts";

/** What an artefact store's module exports. */
export interface StoreModule {
  openStore(storage: StorageConfig, options: unknown): Promise<ArtefactStore>;
}

const listingTimeoutMs = 120_000;
/** An hour: longer than an admin who was told needs to make room. */
const maxTries = 360;
const retryMs = 10_000;

/** The worker's program. */
export async function run(self: RunningProgram): Promise<void> {
  const input = decodeWorkerInput(self.input);
  const worker: Worker = {
    input,
    state: new StateDirectory(input.stateDirectory, self.machine),
    machine: self.machine,
    signal: self.signal,
  };
  if (input.task === "recover") await recoverJob(worker);
  // A worker that finds itself called dead does nothing.
  else if (await enter(worker, { process: self.identity })) await runRequestedJob(worker);
}

/** A worker's task and what it has for it. */
interface Worker {
  readonly input: WorkerInput;
  readonly state: StateDirectory;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

/** Enters the worker, however long it takes: on a disk that is full for a while, no job must be lost before it began. */
async function enter({ input, state, machine, signal }: Worker, entry: WorkerEntry): Promise<boolean> {
  return await insist(
    machine.clock,
    async () => !signal.aborted && (await state.enterWorker(input.fence, entry)),
  );
}

async function runRequestedJob({ input, state, machine, signal }: Worker): Promise<void> {
  const { fence, request } = input;
  const { clock } = machine;
  const poker = new Poker(machine.processes, input.poke);
  const log = jobLog(state, fence, clock);
  let published = { percent: 0, atMs: clock.now().getTime() };
  const onProgress = (progress: Progress): void => {
    log.afterWrites(async () => await state.noteProgress({ fence, progress }));
    const atMs = clock.now().getTime();
    if (!worthPublishing(published, progress, atMs)) return;
    published = { percent: progress.percent, atMs };
    poker.poke();
  };
  const record = async (progress: JobProgress): Promise<void> => {
    if (isEnd(progress.phase)) await recordEnd(state, clock, fence, progress);
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
    await record({ phase: "failed", finishedAt: timestamp(clock), ...failureFields(failure) });
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
    now: () => timestamp(clock),
    record,
    progress: onProgress,
    log: log.write,
    logText: log.text,
  });
  if (end.phase === "succeeded" && request.type === "backup")
    await keepBackups(input, state, clock, executor, log);
  store.close();
  poker.pokeAndLeave();
}

/**
 * Writes down how a job ended, however long it takes: on a disk that is full for a while, a good backup must not be
 * counted as lost.
 */
async function recordEnd(
  state: StateDirectory,
  clock: Clock,
  fence: number,
  progress: JobProgress,
): Promise<void> {
  await insist(clock, async () => await state.append({ record: "progress", fence, progress }));
}

async function insist<Result>(clock: Clock, action: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (tries === maxTries) throw error;
      await clock.sleep(retryMs);
    }
  }
}

/** Keeps the list of backups for the next dispatch. The job has ended: a list that fails changes nothing of it. */
async function keepBackups(
  input: WorkerInput,
  state: StateDirectory,
  clock: Clock,
  executor: Executor,
  log: JobLog,
): Promise<void> {
  const timeLimit = new AbortController();
  const listed = new AbortController();
  void clock.sleep(listingTimeoutMs, listed.signal).then(() => timeLimit.abort());
  try {
    await state.keepBackups(await executor.list(input.request.storage, timeLimit.signal));
  } catch (error) {
    log.write(`The backups could not be listed: ${failureOf(error, "while it listed backups").message}`);
  } finally {
    listed.abort();
  }
}

async function recoverJob({ input, state, machine, signal }: Worker): Promise<void> {
  const { fence, request } = input;
  const log = jobLog(state, fence, machine.clock);
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
    const finishedAt = timestamp(machine.clock);
    await state.append({ record: "progress", fence, progress: { phase: "lost", finishedAt, ...end } });
    new Poker(machine.processes, input.poke).pokeAndLeave();
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

function jobLog(state: StateDirectory, fence: number, clock: Clock): JobLog {
  // A log that cannot be written, on a full disk for example, must not end the job that it is about.
  let writes = Promise.resolve();
  const afterWrites = (action: () => Promise<void>): void => {
    writes = writes.then(action).catch(() => undefined);
  };
  return {
    write: (line) => afterWrites(async () => await state.log(fence, `${timestamp(clock)} ${line}\n`)),
    text: async () => {
      await writes;
      return await state.readLog(fence).catch(() => "");
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

function timestamp(clock: Clock): string {
  return clock.now().toISOString();
}
