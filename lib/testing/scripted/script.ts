/**
 * What a scripted executor is told to do, and how it does it. It knows no database.
 *
 * @module
 */
import type { Executor, ExecutorEnvironment, JobContext, JobResult, Standing } from "../../executor.ts";
import type { Backup } from "../../job/backup.ts";
import type { Failure } from "../../job/report.ts";
import type { JobRequest, Retention } from "../../job/request.ts";

/** What an executor is told to do. An empty script lets every job succeed. */
export interface Script {
  /** Default: ready, as primary. */
  readonly standing?: Standing;
  /** By unit, over `standing`. */
  readonly standings?: Readonly<Record<string, Standing>>;
  /** Whether two backups may run at the same time. Default: they may not. */
  readonly backupsTogether?: boolean;
  /** What to do with a job, by its id; `*` stands for all others. */
  readonly jobs?: Readonly<Record<string, ScriptedJob>>;
  /** What there is to list. Default: none; of a {@link ScriptedDatabase}, the backups that it made. */
  readonly backups?: readonly Backup[];
}

/** What to do with one job. */
export interface ScriptedJob {
  /** Refuses the job before it begins. */
  readonly refuse?: Failure;
  /** The percentages to go through. */
  readonly progress?: readonly number[];
  /** The job goes on once something of this name is released. */
  readonly waitFor?: string;
  /** It does not stop when it is asked to. */
  readonly ignoresCancel?: boolean;
  /** It passes the point of no return at once. */
  readonly noReturn?: boolean;
  /** Kills the worker, as a crash of the machine would. */
  readonly die?: boolean;
  /** Default: none, the job succeeds. */
  readonly fail?: Failure;
  /** What became of it without its worker, as cleaning up finds. Default: nobody knows. */
  readonly recovers?: JobResult;
}

/** One call of an executor's methods. A call that is noted has read its script: another one does not change it any more. */
export interface ScriptedCall {
  readonly call: "preflight" | "backup" | "restore" | "recover" | "list";
  readonly job?: string;
  readonly fence?: number;
  /** What the request of a backup or a restore wants to be kept. Absent where it names nothing. */
  readonly retention?: Retention;
}

/** Where a script comes from, and where calls are noted. */
export interface ScriptSource {
  /** The script as it stands. */
  read(): Promise<Script>;
  note(call: ScriptedCall): Promise<void>;
  /** Waits until something is released, or the job shall stop. */
  released(name: string, signal: AbortSignal): Promise<void>;
  /** Kills the worker. */
  die(): Promise<void>;
  /** Hears of a job that has succeeded. */
  succeeded?(request: JobRequest, result: Extract<JobResult, { succeeded: true }>): void;
}

const neverAborted = new AbortController().signal;

/** An executor that does what a script says. */
export function followScript(source: ScriptSource, environment: ExecutorEnvironment): Executor {
  let together = false;
  const jobOf = async (request: JobRequest): Promise<ScriptedJob> => {
    const { jobs } = await source.read();
    return jobs?.[request.id] ?? jobs?.["*"] ?? {};
  };

  const perform = async (request: JobRequest, context: JobContext): Promise<JobResult> => {
    const job = await jobOf(request);
    const { type: call, id, retention } = request;
    const { fence } = context;
    await source.note({ call, job: id, fence, ...(retention === undefined ? {} : { retention }) });
    for (const percent of job.progress ?? []) context.progress({ percent });
    if (job.noReturn === true) await context.pointOfNoReturn();
    const signal = job.ignoresCancel === true || job.noReturn === true ? neverAborted : context.signal;
    if (job.waitFor !== undefined) await source.released(job.waitFor, signal);
    if (job.die === true) await source.die();
    if (signal.aborted) {
      const message = `The ${request.type} was stopped.`;
      return { succeeded: false, failure: { code: "cancelled", message, remedy: "Request it anew." } };
    }
    context.finalizing();
    if (job.fail !== undefined) return { succeeded: false, failure: job.fail };
    const backupId = `${environment.application}-${context.fence}`;
    const result = {
      succeeded: true,
      backupId,
      artefactPath: `/backup/${environment.application}/${backupId}/`,
      recordFolder: `database-backup/${environment.application}/${backupId}`,
      sizeBytes: 1024,
      timeline: 1,
    } as const;
    source.succeeded?.(request, result);
    return result;
  };

  return {
    standing: async () => {
      const { standing, standings, backupsTogether } = await source.read();
      together = backupsTogether ?? false;
      return standings?.[environment.unit] ?? standing ?? { ready: true, role: "primary" };
    },
    compatible: () => together,
    preflight: async (request, context) => {
      const { refuse } = await jobOf(request);
      await source.note({ call: "preflight", job: request.id, fence: context.fence });
      return refuse;
    },
    backup: perform,
    restore: perform,
    list: async () => {
      const { backups } = await source.read();
      await source.note({ call: "list" });
      return backups ?? [];
    },
    recover: async (request, context) => {
      await source.note({ call: "recover", job: request.id, fence: context.fence });
      const { recovers } = await jobOf(request);
      if (recovers !== undefined) return { message: "It went on without its worker.", result: recovers };
      return { message: "Nothing was left to clean up." };
    },
  };
}
