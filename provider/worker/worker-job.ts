/**
 * The two tasks of a worker that are about a job: to run it, and to clean up after a worker that died on it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Executor, ExecutorModule, Recovery } from "../../lib/executor.ts";
import { isDatabaseBackupError } from "../../lib/errors.ts";
import { isEnd } from "../../lib/job/phase.ts";
import type { JobProgress, Progress } from "../../lib/job/report.ts";
import { storageLocation } from "../../lib/job/storage-config.ts";
import type { Clock, Machine, ProcessIdentity } from "../../lib/machine/machine.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";
import { failureOf, runJob, successFields, worthPublishing } from "./job-run.ts";
import { cancelledBeforeStart, failureFields } from "../coordination/ends.ts";
import { grantId } from "../coordination/peer-records.ts";
import type { Rules } from "../coordination/rules.ts";
import { claimFence } from "./fence-keeper.ts";
import { openStore } from "./open-store.ts";
import { Poker } from "./poke.ts";
import type { StateDirectory } from "../journal/state-directory.ts";
import type { JobTask } from "./worker-input.ts";

const listingTimeoutMs = 120_000;
/** An hour: longer than an admin who was told needs to make room. */
const maxTries = 360;
const retryMs = 10_000;
/** A minute: longer than a storage server takes to start anew. */
const maxClaims = 7;

/** A worker's task and what it has for it. */
interface JobWorker {
  readonly input: JobTask;
  readonly state: StateDirectory;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** The worker's own process. */
  readonly self: ProcessIdentity;
  readonly rules: Rules;
}

/**
 * Runs a job to its end: enters itself as the one process that does, claims the fence, and only then works. One that finds
 * itself called dead, or its fence revoked, does nothing.
 */
export async function runRequestedJob(worker: JobWorker): Promise<void> {
  const { input, state, machine, signal, self, rules } = worker;
  const entered = await insist(
    machine.clock,
    async () => !signal.aborted && (await state.enterWorker(grantId(input), { process: self })),
  );
  if (entered || !rules.entersOnce()) await runEntered(worker);
}

async function runEntered({ input, state, machine, signal }: JobWorker): Promise<void> {
  const { lineage, fence, request, plannedUnits } = input;
  const { clock } = machine;
  const grant = grantId(input);
  const poker = new Poker(machine.processes, input.poke);
  const log = jobLog(state, grant, clock);
  let published = { percent: 0, atMs: clock.now().getTime() };
  const onProgress = (progress: Progress): void => {
    log.afterWrites(async () => await state.noteProgress({ grant, progress }));
    const atMs = clock.now().getTime();
    if (!worthPublishing(published, progress, atMs)) return;
    published = { percent: progress.percent, atMs };
    poker.poke();
  };
  const record = async (progress: JobProgress): Promise<void> => {
    if (isEnd(progress.phase)) await recordEnd(state, clock, input, progress);
    else {
      await state.append({ record: "progress", lineage, fence, progress });
      poker.poke();
    }
  };

  let executor: Executor;
  let store: ArtefactStore;
  try {
    const refused = await claim({ input, machine, signal }, log);
    if (refused !== undefined) {
      await record({ finishedAt: timestamp(clock), ...refused });
      poker.pokeAndLeave();
      return;
    }
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
    plannedUnits,
    executor,
    store,
    signal,
    defaultRecordFolder: defaultRecordFolder(input),
    now: () => timestamp(clock),
    record,
    noReturn: async () => await state.append({ record: "no-return", lineage, fence }),
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
  { lineage, fence }: JobTask,
  progress: JobProgress,
): Promise<void> {
  await insist(clock, async () => await state.append({ record: "progress", lineage, fence, progress }));
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
  input: JobTask,
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

/** Cleans up after a worker that died on a job, and says how the job ended. */
export async function recoverJob({ input, state, machine, signal }: JobWorker): Promise<void> {
  const { lineage, fence } = input;
  const log = jobLog(state, grantId(input), machine.clock);
  try {
    const recovery = await cleanUp(input, signal, log.write);
    const { cancelAsked } = (await state.open()).entries.get(grantId(input)) ?? {};
    await state.append({
      record: "progress",
      lineage,
      fence,
      progress: { ...endAfter(recovery, cancelAsked === true), finishedAt: timestamp(machine.clock) },
    });
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
    await state.append({ record: "progress", lineage, fence, progress });
  }
}

/** Has the executor clean up after a job whose process is gone. */
export async function cleanUp(
  input: Pick<JobTask, "fence" | "plannedUnits" | "request" | "executor" | "environment" | "store">,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Recovery> {
  const executor = await loadExecutor(input);
  const store = await openStore(input.store, input.request.storage);
  try {
    const recovery = await executor.recover(input.request, {
      signal,
      fence: input.fence,
      plannedUnits: input.plannedUnits,
      store,
      progress: () => undefined,
      finalizing: () => undefined,
      log,
      pointOfNoReturn: async () => undefined,
    });
    log(`Cleaned up: ${recovery.message}`);
    return recovery;
  } finally {
    store.close();
  }
}

/** How a job ended whose process is gone: as its recovery found, or cancelled, where it was asked to stop; else nobody knows. */
function endAfter({ message, result }: Recovery, cancelAsked: boolean): JobProgress {
  if (result?.succeeded === true) {
    const { warning } = result;
    return {
      phase: "succeeded",
      ...successFields(result, [message, ...(warning === undefined ? [] : [warning])]),
    };
  }
  if (cancelAsked) {
    return {
      phase: "cancelled",
      ...failureFields({
        code: "cancelled",
        message: `The job was cancelled. ${message}`,
        remedy: "Request it again when it is wanted.",
      }),
    };
  }
  if (result !== undefined) return { phase: "failed", ...failureFields(result.failure) };
  return {
    phase: "lost",
    ...failureFields({
      code: "worker-lost",
      message: `The process that ran this job is gone and left no result. ${message}`,
      remedy: "Look into the list of backups and at the database, then request the job anew.",
    }),
  };
}

/**
 * Claims the job's fence. A storage that is away for a moment is waited for; one that refuses, or stays away, ends the job
 * with the reason: the keys that this worker has are not going to change, and whoever requested the job must come to know.
 * Nothing was done then, whoever has or gets the fence.
 *
 * @returns The end of the job where the fence is not to be had.
 */
async function claim(
  { input, machine, signal }: Pick<JobWorker, "input" | "machine" | "signal">,
  log: JobLog,
): Promise<JobProgress | undefined> {
  if (input.claim === undefined) return undefined;
  const { clock } = machine;
  const holder = { unit: input.environment.unit, incarnation: input.incarnation };
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      const store = await openStore(input.store, input.claim);
      try {
        if (await claimFence(store, input, holder)) return undefined;
      } finally {
        store.close();
      }
      return {
        phase: "lost",
        ...failureFields({
          code: "fence-revoked",
          message: "The job was taken away from this unit before it began.",
          remedy: "Request it anew.",
        }),
      };
    } catch (error) {
      const failure = storageFailure(error, storageLocation(input.claim));
      log.write(`The fence could not be claimed: ${failure.message}`);
      const mayHeal = isDatabaseBackupError(error) && error.retryable;
      if (!mayHeal || tries === maxClaims) return { phase: "rejected", ...failureFields(failure) };
      await clock.sleep(retryMs, signal);
    }
  }
  return { phase: "cancelled", ...failureFields(cancelledBeforeStart) };
}

interface JobLog {
  readonly write: (line: string) => void;
  readonly text: () => Promise<string>;
  readonly afterWrites: (action: () => Promise<void>) => void;
}

function jobLog(state: StateDirectory, grant: string, clock: Clock): JobLog {
  // A log that cannot be written, on a full disk for example, must not end the job that it is about.
  let writes = Promise.resolve();
  const afterWrites = (action: () => Promise<void>): void => {
    writes = writes.then(action).catch(() => undefined);
  };
  return {
    write: (line) => afterWrites(async () => await state.log(grant, `${timestamp(clock)} ${line}\n`)),
    text: async () => {
      await writes;
      return await state.readLog(grant).catch(() => "");
    },
    afterWrites,
  };
}

async function loadExecutor(input: Pick<JobTask, "executor" | "environment">): Promise<Executor> {
  const loaded: ExecutorModule = await import(input.executor.module);
  return loaded.createExecutor(input.executor.options, input.environment);
}

function defaultRecordFolder(input: JobTask): string {
  const job = createHash("sha256").update(input.request.id).digest("hex").slice(0, 32);
  return `database-backup/${input.environment.application}/${job}`;
}

function timestamp(clock: Clock): string {
  return clock.now().toISOString();
}
