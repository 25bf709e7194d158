/**
 * The run of one job, from its first phase to its end, with an executor and an artefact store.
 *
 * @module
 */
import type { Executor, JobContext, JobResult } from "../../lib/executor.ts";
import { isDatabaseBackupError, isExecutorError } from "../../lib/errors.ts";
import type { Failure, JobProgress, Progress } from "../../lib/job/report.ts";
import type { JobRequest } from "../../lib/job/request.ts";
import { storageLocation } from "../../lib/job/storage-config.ts";
import type { ArtefactStore } from "../../lib/storage/artefact-store.ts";
import { thrownText } from "../../lib/thrown.ts";
import { errnoOf } from "../../lib/process/errno.ts";
import { storageWarnings } from "../../lib/wire/storage-warnings.ts";
import { failureFields } from "../coordination/ends.ts";

/** What the run of a job needs of the world. */
export interface JobRun {
  readonly request: JobRequest;
  readonly fence: number;
  readonly plannedUnits: number;
  readonly executor: Executor;
  readonly store: ArtefactStore;
  readonly signal: AbortSignal;
  /** The folder for log and record if the executor names none, relative to the storage's path. */
  readonly defaultRecordFolder: string;
  /** RFC 3339 in UTC. */
  readonly now: () => string;
  /** Keeps a change of phase. Not left before it is kept. */
  readonly record: (progress: JobProgress) => Promise<void>;
  /** Keeps that the job cannot be stopped any more. Not left before it is kept. */
  readonly noReturn: () => Promise<void>;
  readonly progress: (progress: Progress) => void;
  readonly log: (line: string) => void;
  /** The job's whole log so far. */
  readonly logText: () => Promise<string>;
}

/** Runs a job to its end. Whatever goes wrong is an end of the job, never an exception of this function's. */
export async function runJob(run: JobRun): Promise<JobProgress> {
  const startedAt = run.now();
  let changes = Promise.resolve();
  const note = (progress: JobProgress): void => {
    // A phase on the way may be lost, on a full disk for example: the job goes on, and its end is what counts.
    changes = changes
      .then(async () => await run.record(progress))
      .catch((error: unknown) =>
        run.log(`The phase ${progress.phase} was not recorded: ${thrownText(error)}`),
      );
  };
  const context: JobContext = {
    signal: run.signal,
    fence: run.fence,
    plannedUnits: run.plannedUnits,
    store: run.store,
    progress: run.progress,
    finalizing: () => note({ phase: "finalizing", startedAt }),
    log: run.log,
    pointOfNoReturn: async () => {
      run.signal.throwIfAborted();
      // On disk before anything is done that must not be stopped; whoever wants to stop it looks there.
      await run.noReturn();
      run.log("From here on the job runs to its end.");
    },
  };

  note({ phase: "starting", startedAt });
  const warnings = storageWarnings(run.request.storage, run.executor.ignoredStorageFields ?? {});
  for (const warning of warnings) run.log(`WARN: ${warning}`);
  const refused = await preflight(run, context);
  if (refused !== undefined) run.log(`Rejected: ${refused.message}`);
  else note({ phase: "running", startedAt });
  const result =
    refused === undefined ? await execute(run, context) : { succeeded: false as const, failure: refused };
  if (!result.succeeded && refused === undefined) run.log(`Failed: ${result.failure.message}`);

  const folder = result.recordFolder ?? run.defaultRecordFolder;
  const uploaded = await uploadRecord(run, folder, result, startedAt);
  const end: JobProgress = {
    phase: endPhase(result, refused !== undefined, run.signal),
    startedAt,
    finishedAt: run.now(),
    ...(uploaded === undefined ? { logPath: recordPath(run.request, folder) } : {}),
    ...(result.succeeded
      ? successFields(result, [
          ...warnings,
          ...(result.warning === undefined ? [] : [result.warning]),
          ...(uploaded === undefined ? [] : [`The job's log could not be uploaded: ${uploaded}`]),
        ])
      : failureFields(result.failure)),
  };
  await changes;
  await run.record(end);
  return end;
}

async function preflight(run: JobRun, context: JobContext): Promise<Failure | undefined> {
  try {
    return await run.executor.preflight(run.request, context);
  } catch (error) {
    return failureOf(error, "before it began");
  }
}

async function execute(run: JobRun, context: JobContext): Promise<JobResult> {
  try {
    return run.request.type === "backup"
      ? await run.executor.backup(run.request, context)
      : await run.executor.restore(run.request, context);
  } catch (error) {
    return { succeeded: false, failure: failureOf(error, "unexpectedly") };
  }
}

/** What a thrown error says about a job. */
export function failureOf(error: unknown, when: string): Failure {
  if (isExecutorError(error)) return error.failure;
  if (isDatabaseBackupError(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  const text = thrownText(error);
  const noRoom = ["ENOSPC", "EDQUOT", "EROFS"].includes(errnoOf(error) ?? "");
  return {
    code: "executor-crashed",
    message: `The executor failed ${when}: ${text}`,
    remedy: noRoom
      ? "Make room on the unit's disk, or make it writable, then request the job anew."
      : "Read the job's log, and report this to the author of the charm.",
  };
}

function endPhase(result: JobResult, refused: boolean, signal: AbortSignal): JobProgress["phase"] {
  if (result.succeeded) return "succeeded";
  if (signal.aborted) return "cancelled";
  return refused ? "rejected" : "failed";
}

/**
 * What the report of a job that succeeded says.
 *
 * @param warnings What the admin should know although all is well.
 */
export function successFields(
  result: Extract<JobResult, { succeeded: true }>,
  warnings: readonly string[],
): Partial<JobProgress> {
  return {
    backupId: result.backupId,
    artefactPath: result.artefactPath,
    ...(result.sizeBytes === undefined ? {} : { sizeBytes: result.sizeBytes }),
    ...(result.timeline === undefined ? {} : { timeline: result.timeline }),
    ...(warnings.length === 0 ? {} : { message: warnings.join(" ") }),
    progress: { percent: 100 },
  };
}

/** Uploads the log and the record. A store that fails turns no good backup into a failed one: it is said beside it. */
async function uploadRecord(
  run: JobRun,
  folder: string,
  result: JobResult,
  startedAt: string,
): Promise<string | undefined> {
  const { id, type } = run.request;
  const { recordFolder: _, ...outcome } = result;
  const record = {
    "job-id": id,
    "job-type": type,
    fence: run.fence,
    startedAt,
    finishedAt: run.now(),
    ...outcome,
  };
  try {
    await run.store.put(`${folder}/job.json`, `${JSON.stringify(record, undefined, 2)}\n`);
    await run.store.put(`${folder}/job.log`, await run.logText());
    return undefined;
  } catch (error) {
    const { message } = failureOf(error, "while its log was uploaded");
    run.log(`The log could not be uploaded: ${message}`);
    return message;
  }
}

/** Where the record is, relative to the bucket. */
function recordPath(request: JobRequest, folder: string): string {
  const { path } = storageLocation(request.storage);
  return `${path === "/" ? "" : path}/${folder}/`;
}

/** Whether the unit should be told to publish a change: a new phase always, progress at steps worth an event. */
export function worthPublishing(
  before: { readonly percent: number; readonly atMs: number },
  progress: Progress,
  nowMs: number,
): boolean {
  return progress.percent - before.percent >= 10 && nowMs - before.atMs >= 5 * 60_000;
}
