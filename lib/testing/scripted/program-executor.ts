/**
 * An executor whose backups and restores are runs of a program, for tests of charms that run as processes: the
 * conformance kit observes them so.
 *
 * The program is called as `program backup <job-id> <bucket> <path>` or
 * `program restore <job-id> <bucket> <path> <artefact>`. It succeeds with exit code 0; what it writes to standard error
 * says why it failed.
 *
 * @module
 */
import type { Executor, ExecutorEnvironment, JobContext, JobResult } from "../../executor.ts";
import type { JobRequest } from "../../job/request.ts";
import { describeEnd, run } from "../../process/run.ts";

/** Which program. */
export interface ProgramExecutorOptions {
  /** Its path, or its name on PATH. */
  readonly program: string;
}

/** Makes the executor. The shape of an executor module. */
export function createExecutor(
  { program }: ProgramExecutorOptions,
  { application }: ExecutorEnvironment,
): Executor {
  const perform = async (request: JobRequest, context: JobContext): Promise<JobResult> => {
    const { bucket, path = "" } = request.storage;
    const artefact = request.type === "restore" ? [request.artefactPath ?? ""] : [];
    const result = await run([program, request.type, request.id, bucket, path, ...artefact], {
      signal: context.signal,
    });
    if (result.exitCode !== 0) {
      const message =
        result.stderr.trim() === "" ? `${program} ${describeEnd(result)}.` : result.stderr.trim();
      return {
        succeeded: false,
        failure: { code: "program-failed", message, remedy: "Look into its output." },
      };
    }
    const backupId = `${application}-${context.fence}`;
    return {
      succeeded: true,
      backupId,
      artefactPath: `/backup/${application}/${backupId}/`,
      recordFolder: `database-backup/${application}/${backupId}`,
    };
  };
  return {
    standing: async () => ({ ready: true, role: "primary" }),
    compatible: () => false,
    preflight: async () => undefined,
    backup: perform,
    restore: perform,
    list: async () => [],
    recover: async () => ({ message: "Nothing was left to clean up." }),
  };
}
