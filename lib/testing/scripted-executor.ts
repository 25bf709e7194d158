/**
 * An executor that does what a file tells it to, for tests of charms and of this library. It knows no database.
 *
 * The file is read anew for each call, so a test changes a running charm's executor by writing it. Every call is noted in
 * a second file, which tells how often a job was really run. A call that is noted has read its script: writing another
 * one does not change it any more.
 *
 * @module
 */
import { access, appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executor, ExecutorEnvironment, JobContext, JobResult, Standing } from "../executor.ts";
import type { Backup } from "../job/backup.ts";
import type { Failure } from "../job/report.ts";
import type { JobRequest } from "../job/request.ts";
import { errnoOf } from "../process/errno.ts";

/** Where the script is. */
export interface ScriptedExecutorOptions {
  /** A directory with `script.json`, and with `calls.jsonl` once there were calls. */
  readonly directory: string;
}

/** What `script.json` holds. An empty object lets every job succeed. */
export interface Script {
  /** Default: ready, as primary. */
  readonly standing?: Standing;
  /** What to do with a job, by its id; `*` stands for all others. */
  readonly jobs?: Readonly<Record<string, ScriptedJob>>;
  readonly backups?: readonly Backup[];
}

/** What to do with one job. */
export interface ScriptedJob {
  /** Refuses the job before it begins. */
  readonly refuse?: Failure;
  /** The percentages to go through. */
  readonly progress?: readonly number[];
  /** The job goes on once this file is in the script's directory. */
  readonly waitFor?: string;
  /** Kills the worker, as a crash of the machine would. */
  readonly die?: boolean;
  /** Default: none, the job succeeds. */
  readonly fail?: Failure;
}

/** One line of `calls.jsonl`. */
export interface ScriptedCall {
  readonly call: "preflight" | "backup" | "restore" | "recover" | "list";
  readonly job?: string;
  readonly fence?: number;
}

/** Makes the executor. The shape of an executor module. */
export function createExecutor(options: ScriptedExecutorOptions, environment: ExecutorEnvironment): Executor {
  const script = async (): Promise<Script> => {
    const content: Script = JSON.parse(await readFile(join(options.directory, "script.json"), "utf8"));
    return content;
  };
  const note = async (call: ScriptedCall): Promise<void> =>
    await appendFile(join(options.directory, "calls.jsonl"), `${JSON.stringify(call)}\n`);
  const jobOf = async (request: JobRequest): Promise<ScriptedJob> => {
    const { jobs } = await script();
    return jobs?.[request.id] ?? jobs?.["*"] ?? {};
  };

  const perform = async (request: JobRequest, context: JobContext): Promise<JobResult> => {
    const job = await jobOf(request);
    await note({ call: request.type, job: request.id, fence: context.fence });
    for (const percent of job.progress ?? []) context.progress({ percent });
    if (job.waitFor !== undefined) await appearance(join(options.directory, job.waitFor), context.signal);
    if (job.die === true) process.kill(process.pid, "SIGKILL");
    if (context.signal.aborted) {
      const message = `The ${request.type} was stopped.`;
      return { succeeded: false, failure: { code: "cancelled", message, remedy: "Request it anew." } };
    }
    context.finalizing();
    if (job.fail !== undefined) return { succeeded: false, failure: job.fail };
    const backupId = `${environment.application}-${context.fence}`;
    return {
      succeeded: true,
      backupId,
      artefactPath: `/backup/${environment.application}/${backupId}/`,
      recordFolder: `database-backup/${environment.application}/${backupId}`,
      sizeBytes: 1024,
      timeline: 1,
    };
  };

  return {
    standing: async () => (await script()).standing ?? { ready: true, role: "primary" },
    compatible: () => false,
    preflight: async (request, context) => {
      const { refuse } = await jobOf(request);
      await note({ call: "preflight", job: request.id, fence: context.fence });
      return refuse;
    },
    backup: perform,
    restore: perform,
    list: async () => {
      const { backups } = await script();
      await note({ call: "list" });
      return backups ?? [];
    },
    recover: async (request, context) => {
      await note({ call: "recover", job: request.id, fence: context.fence });
      return { message: "Nothing was left to clean up." };
    },
  };
}

async function appearance(file: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await access(file);
      return;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    await sleep(20);
  }
}
