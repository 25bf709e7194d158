/**
 * Restores (flowchart restore, from "Has database stopped?" to the detection of its end in update-status).
 *
 * Unlike the chart, the present database is moved aside and put back if anything goes wrong; it is deleted only when
 * the restored one is proven, or where the request gives it up. WAL is archived again only then, too: a failed attempt
 * leaves no trace in a repository.
 *
 * @module
 */
import { ExecutorError } from "../../lib/errors.ts";
import type { JobContext, JobResult } from "../../lib/executor.ts";
import type { RestoreRequest } from "../../lib/job/request.ts";
import { sameLocation, storageLocation } from "../../lib/job/storage-config.ts";
import { identifyProcess } from "../../lib/machine/process-identity.ts";
import { explainWal } from "./archiving/archiver-state.ts";
import { archiveUpToNow, readArchiveStorage } from "./archiving/archive-storage.ts";
import { becomesForeign } from "./archiving/foreign-repositories.ts";
import { artefactPathOf, recordFolderOf } from "./artefact-path.ts";
import { firstFailure } from "./checks/checks.ts";
import { restoreChecks } from "./checks/restore-checks.ts";
import type { RestorePlan } from "./checks/restore-target.ts";
import { rejectStorage } from "./checks/storage-check.ts";
import { cancelledFailure, failureOf } from "./job-failure.ts";
import type { Parts } from "./parts.ts";
import { stopCluster } from "./patroni/patroni-service.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { endLeftovers } from "./recover.ts";
import { clearAway, moveAside, planMoves } from "./restore/data-directory.ts";
import { completeRestore, endFailed } from "./restore/restore-end.ts";
import { gatherRestoreFacts } from "./restore/restore-facts.ts";
import { finishEarlierRestore } from "./restore/restore-finish.ts";
import { readDiscarded, writeRestoreJournal, type RestoreJournal } from "./restore/restore-journal.ts";
import { afterMovingBack, renderOverlay, restoreArguments } from "./restore/restore-overlay.ts";
import { notePositions } from "./restore/restore-watch.ts";

/** The restore under way, once it has begun to change anything. */
interface Stage {
  journal?: RestoreJournal;
}

/** Restores. A failure is a result, and leaves the database as it was, unless the request gave it up. */
export async function restoreBackup(
  parts: Parts,
  request: RestoreRequest,
  context: JobContext,
): Promise<JobResult> {
  const stage: Stage = {};
  try {
    const begun = await beginRestore(parts, request, context, stage);
    return await completeRestore(parts, begun, context, (journal) => (stage.journal = journal));
  } catch (error) {
    const failure = context.signal.aborted ? cancelledFailure : failureOf(error);
    if (stage.journal !== undefined) {
      context.log(`The restore failed: ${failure.message}`);
      return {
        succeeded: false,
        failure: await endFailed(parts, stage.journal, failure, (line) => context.log(line)),
      };
    }
    await PgBackRest.existing(parts.settings, parts.user, parts.settings.files.restoreConfig).forget();
    const explained = await explainWal(parts.psql, failure);
    return {
      succeeded: false,
      failure: { ...explained, message: `${explained.message} Nothing was changed.` },
    };
  }
}

/** Decides, and does all that comes before Patroni's start, and that. */
async function beginRestore(
  parts: Parts,
  request: RestoreRequest,
  context: JobContext,
  stage: Stage,
): Promise<RestoreJournal> {
  const { settings, service, patroni, psql, user } = parts;
  const { dataDirectory } = settings.postgresql;
  await endLeftovers(parts, (line) => context.log(line));
  await finishEarlierRestore(parts, (line) => context.log(line));
  await archiveTail(parts, request, context);
  const { facts, stanza } = await gatherRestoreFacts(parts, request, context);
  const refused = firstFailure(restoreChecks, facts);
  if (refused !== undefined) throw new ExecutorError(refused);
  if (facts.plan?.decided !== true || stanza === undefined)
    throw new TypeError("a restore without a plan passed its checks");
  const plan = facts.plan.value;
  logPlan(plan, stanza.name, context);
  if (facts.member !== undefined && facts.listedSystemId !== facts.member.systemId)
    context.log(`WARN: the backup is of another cluster than the present one, which it will replace.`);

  const isForeign = await becomesForeign(settings, request.storage, stanza, facts.member);
  await PgBackRest.configure(settings, user, settings.files.restoreConfig, request.storage, stanza.name);
  const discarded = await readDiscarded(settings);
  const collects = discarded === undefined && (await psql.value("SHOW logging_collector")) === "on";
  const logDirectory = collects ? await psql.value("SHOW log_directory") : discarded?.positions.logDirectory;
  const { backup, timeline, target } = plan;
  const begun: RestoreJournal = {
    jobId: request.id,
    fence: context.fence,
    stage: "begun",
    // What stands there is no database, and nothing of it is kept.
    ...(discarded === undefined ? {} : { discards: true }),
    ...(isForeign ? { foreign: storageLocation(request.storage) } : {}),
    moves: discarded?.moves ?? (await planMoves(dataDirectory, context.fence)),
    goal: {
      timeline,
      target,
      ...(target.kind === "latest" && facts.wal !== undefined ? { lastSegment: facts.wal.last } : {}),
      result: {
        backupId: backup.label,
        artefactPath: artefactPathOf(request.storage, stanza.name, backup.label),
        recordFolder: recordFolderOf(stanza.name, `restore-${context.fence}`),
        sizeBytes: backup.databaseBytes,
      },
    },
    positions: await notePositions(parts, stanza.name, logDirectory),
    bootId: (await identifyProcess(process.pid))?.bootId ?? "",
    config: discarded?.config ?? (await patroni.config()),
  };
  if (context.signal.aborted) throw new ExecutorError(cancelledFailure);

  const keep = async (journal: RestoreJournal): Promise<RestoreJournal> => {
    await writeRestoreJournal(settings, journal);
    stage.journal = journal;
    return journal;
  };
  let journal = await keep(begun);
  await service.suspendRestarts();
  context.log("Stopping Patroni and PostgreSQL.");
  await stopCluster(service, dataDirectory, discarded === undefined ? "fast" : "immediate");
  await patroni.removeCluster();
  let argv = restoreArguments(settings, stanza.name, plan);
  if (discarded !== undefined) await clearAway(journal.moves);
  else {
    await moveAside(journal.moves);
    context.log(`The present database was moved to ${journal.moves.map(({ to }) => to).join(", ")}.`);
    if (request.discardOldData === true) {
      await context.pointOfNoReturn();
      journal = await keep({ ...journal, discards: true });
      argv = afterMovingBack(journal.moves, restoreArguments(settings, stanza.name, plan, { delta: true }));
      context.log("It will be written over, as the request allows.");
    }
  }
  await user.writeFile(settings.files.overlay, renderOverlay(argv, journal.config), 0o640);
  await service.start();
  return journal;
}

/**
 * Sees to it that everything up to now is in the repository, where this cluster archives to the one that is restored
 * from. The empty transaction is what makes a time of a moment ago reachable: PostgreSQL knows that it has passed a
 * time only by a transaction that ended after it.
 */
async function archiveTail(parts: Parts, request: RestoreRequest, context: JobContext): Promise<void> {
  const { settings, psql, user } = parts;
  const archive = await readArchiveStorage(settings);
  if (archive === undefined || !sameLocation(archive, storageLocation(request.storage))) return;
  // What is wrong with the storage or the server is said by the checks, which come next.
  if (rejectStorage(request.storage) !== undefined || !(await answers(context))) return;
  const member = await parts.patroni.member();
  if (member?.isPrimary !== true || member.state !== "running") return;
  // The job's keys are the newest ones for this storage.
  const pgbackrest = await PgBackRest.configure(
    settings,
    user,
    settings.files.archiveConfig,
    request.storage,
  );
  await archiveUpToNow({ settings, psql }, pgbackrest, context.signal);
  context.log("Everything up to now is archived.");
}

async function answers(context: JobContext): Promise<boolean> {
  try {
    await context.store.probe();
    return true;
  } catch {
    return false;
  }
}

function logPlan(plan: RestorePlan, stanza: string, context: JobContext): void {
  const until =
    plan.target.kind === "backup"
      ? "to the end of the backup"
      : plan.target.kind === "latest"
        ? "to the end of the timeline"
        : `to ${new Date(plan.target.moment / 1000).toISOString()}`;
  context.log(
    `Restoring backup ${plan.backup.label} of stanza ${stanza}, along timeline ${plan.timeline}, ${until}.`,
  );
}
