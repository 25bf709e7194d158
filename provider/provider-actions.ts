/**
 * The actions of a database charm that the library has for it.
 *
 * @module
 */
import { ExecutorError, RequestError } from "../lib/errors.ts";
import { statusOf } from "../lib/job/phase.ts";
import { backupTypes } from "../lib/job/request.ts";
import type { ActionHandler, ActionParameters } from "../lib/juju/action.ts";
import { shownId } from "../lib/printable.ts";
import type { AskedJob } from "./coordination/peer-records.ts";
import type { OwnJob } from "./own-job.ts";
import type { Provider } from "./provider.ts";

/**
 * The handlers of the library's own actions, by name, for `runAction()`. A charm declares those that it offers in its
 * `charmcraft.yaml`, as the example does:
 *
 * - `create-backup` (`type`: full, differential or incremental; `compression`) and `restore` (`backup-id`,
 *   `restore-to-time`, `restore-timeline`, an integer; `discard-old-data`) ask for a job, see {@link Provider.requestJob}, and give its id; they fail at once where the
 *   job would be rejected now, see {@link Provider.refusalOf};
 * - `show-job` (`job-id`; `format`: table or json) tells where such a job stands, see {@link Provider.ownJob};
 * - `release-grant` (`fence`, an integer; `confirm`, a unit): see {@link Provider.releaseGrant}.
 *
 * @param requireStorage Called before a job is asked for: throws why there is no storage for it, in more words than the
 *   provider has. Default: it does not.
 */
export function providerActions(
  provider: Provider,
  requireStorage: () => unknown = () => undefined,
): Readonly<Record<string, ActionHandler>> {
  return {
    "create-backup": async (given) => {
      requireStorage();
      const backupType = given.choice("type", backupTypes) ?? "full";
      const job = { ...(await newJob(given)), type: "backup", backupType } as const;
      return await request(provider, job);
    },
    restore: async (given) => {
      requireStorage();
      const job = { ...(await newJob(given)), type: "restore", ...targetOf(given) } as const;
      return await request(provider, job);
    },
    "show-job": async (given) => {
      const id = given.text("job-id") ?? "";
      const job = await provider.ownJob(id);
      if (job === undefined) {
        throw new RequestError(
          "job-unknown",
          `No action of this application asked for the job ${shownId(id)}.`,
          {
            remedy:
              "Give the job-id that create-backup or restore returned; a manager's jobs are shown by the manager.",
          },
        );
      }
      return given.text("format") === "json" ? { job: JSON.stringify(job) } : describeOwnJob(job);
    },
    "release-grant": async (given) => {
      const confirm = given.text("confirm");
      const { state, message } = await provider.releaseGrant({
        fence: given.integer("fence") ?? 0,
        ...(confirm === undefined ? {} : { confirm }),
      });
      return { state, message };
    },
  };
}

/** Asks for a job that would not be rejected now. @throws ExecutorError saying why it would be. */
async function request(provider: Provider, job: AskedJob): Promise<Readonly<Record<string, string>>> {
  const refusal = await provider.refusalOf(job);
  if (refusal !== undefined) throw new ExecutorError(refusal);
  await provider.requestJob(job);
  return { "job-id": job.id };
}

/** What jobs of both types have. */
async function newJob(
  given: ActionParameters,
): Promise<{ readonly id: string; readonly compression: boolean }> {
  const { v7 } = await import("uuid");
  return { id: v7(), compression: given.flag("compression") ?? true };
}

/** What a restore goes back to. Whether there is such a backup, or such a time, is for the job's own checks. */
function targetOf(given: ActionParameters): {
  readonly artefactPath?: string;
  readonly restoreToTime?: string;
  readonly restoreTimeline?: number;
  readonly discardOldData?: true;
} {
  const artefactPath = given.text("backup-id");
  const restoreToTime = given.text("restore-to-time");
  const restoreTimeline = given.integer("restore-timeline");
  if (artefactPath === undefined && restoreToTime === undefined) {
    throw new RequestError(
      "request-invalid",
      "Either backup-id or restore-to-time parameters need to be provided to be able to do restore.",
      { remedy: "Name a backup of list-backups, or a time, or latest." },
    );
  }
  return {
    ...(artefactPath === undefined ? {} : { artefactPath }),
    ...(restoreToTime === undefined ? {} : { restoreToTime }),
    ...(restoreTimeline === undefined ? {} : { restoreTimeline }),
    ...(given.flag("discard-old-data") === true ? { discardOldData: true } : {}),
  };
}

function describeOwnJob({ id, report, unit, waiting }: OwnJob): Readonly<Record<string, string>> {
  const { phase, progress } = report;
  const fields: Readonly<Record<string, string | number | undefined>> = {
    "job-id": id,
    phase,
    status: statusOf(phase),
    unit,
    "started-at": report.startedAt,
    "finished-at": report.finishedAt,
    progress: phase === "running" && progress !== undefined ? `${progress.percent} %` : undefined,
    position: waiting?.position,
    "waiting-for": waiting?.waitingFor,
    "backup-id": report.backupId,
    "artefact-path": report.artefactPath,
    "size-bytes": report.sizeBytes,
    timeline: report.timeline,
    "log-path": report.logPath,
    "error-code": report.errorCode,
    message: report.message ?? waiting?.reason,
    remedy: report.remedy,
  };
  const results: Record<string, string> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) results[key] = String(value);
  return results;
}
