/**
 * Restores (flowchart restore, from "Has database stopped?" to the detection of its end in update-status).
 *
 * Unlike the chart, the present database is moved aside and put back if anything goes wrong; it is deleted only when
 * the restored one is proven. WAL is archived again only then, too: a failed attempt leaves no trace in a repository.
 *
 * @module
 */
import type { JobContext, JobResult } from "../../lib/executor.ts";
import type { RestoreRequest } from "../../lib/job/request.ts";
import { sameLocation, storageLocation } from "../../lib/job/storage-config.ts";
import { renderOverlay, restoreArguments } from "./restore/restore-overlay.ts";
import { readArchiveStorage } from "./archive-storage.ts";
import { artefactPathOf, recordFolderOf } from "./artefact-path.ts";
import { firstFailure } from "./checks/checks.ts";
import { moveAside, planMoves } from "./restore/data-directory.ts";
import { gatherRestoreFacts } from "./facts.ts";
import { ExecutorError } from "../../lib/errors.ts";
import { cancelledFailure, failureOf } from "./job-failure.ts";
import type { Parts } from "./parts.ts";
import { endLeftovers } from "./recover.ts";
import { stopCluster } from "./patroni/patroni-service.ts";
import { rejectStorage } from "./checks/storage-check.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { finishEarlierRestore, finishRestore } from "./restore/restore-finish.ts";
import { restoreChecks } from "./checks/restore-checks.ts";
import { writeRestoreJournal, type RestoreJournal } from "./restore/restore-journal.ts";
import { readProof, rejectProof } from "./restore/restore-proof.ts";
import type { RestorePlan } from "./checks/restore-target.ts";
import { undoRestore } from "./restore/restore-undo.ts";
import { notePositions, watchBootstrap } from "./restore/restore-watch.ts";

/** Restores. A failure is a result, and leaves the database as it was. */
export async function restoreBackup(
  parts: Parts,
  request: RestoreRequest,
  context: JobContext,
): Promise<JobResult> {
  const stage: { journal?: RestoreJournal } = {};
  try {
    return await restore(parts, request, context, stage);
  } catch (error) {
    return fail(parts, context, stage.journal, error);
  }
}

async function fail(
  parts: Parts,
  context: JobContext,
  journal: RestoreJournal | undefined,
  error: unknown,
): Promise<JobResult> {
  const failure = context.signal.aborted ? cancelledFailure : failureOf(error);
  if (journal === undefined) {
    await PgBackRest.existing(parts.settings, parts.user, parts.settings.files.restoreConfig).forget();
    return { succeeded: false, failure: { ...failure, message: `${failure.message} Nothing was changed.` } };
  }
  context.log(`The restore failed: ${failure.message}`);
  if (journal.stage === "proven")
    return {
      succeeded: false,
      failure: {
        ...failure,
        message: `The database was restored, but the restore did not come to its end: ${failure.message}`,
      },
    };
  try {
    await undoRestore(parts, journal, (line) => context.log(line));
  } catch (undoing) {
    const worse = failureOf(undoing);
    return {
      succeeded: false,
      failure: { ...worse, message: `${worse.message} Before that: ${failure.message}` },
    };
  }
  return {
    succeeded: false,
    failure: { ...failure, message: `${failure.message} The database is as it was before the restore.` },
  };
}

async function restore(
  parts: Parts,
  request: RestoreRequest,
  context: JobContext,
  stage: { journal?: RestoreJournal },
): Promise<JobResult> {
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
  const foreign =
    stanza.databases.find(({ id }) => id === plan.backup.databaseId)?.systemId !== facts.member?.systemId;
  if (foreign)
    context.log(`WARN: the backup is of another cluster than the present one, which it will replace.`);

  await PgBackRest.configure(settings, user, settings.files.restoreConfig, request.storage, stanza.name);
  const logDirectory =
    (await psql.value("SHOW logging_collector")) === "on"
      ? await psql.value("SHOW log_directory")
      : undefined;
  const positions = await notePositions(parts, stanza.name, logDirectory);
  const journal: RestoreJournal = {
    jobId: request.id,
    fence: context.fence,
    stage: "begun",
    moves: await planMoves(dataDirectory, context.fence),
    config: await patroni.config(),
  };
  if (context.signal.aborted) throw new ExecutorError(cancelledFailure);

  await writeRestoreJournal(settings, journal);
  stage.journal = journal;
  await service.suspendRestarts();
  context.log("Stopping Patroni and PostgreSQL.");
  await stopCluster(service, dataDirectory, "fast");
  await patroni.removeCluster();
  await moveAside(journal.moves);
  context.log(`The present database was moved to ${journal.moves.map(({ to }) => to).join(", ")}.`);
  const overlay = renderOverlay(restoreArguments(settings, stanza.name, plan), journal.config);
  await user.writeFile(settings.files.overlay, overlay, 0o640);
  await service.start();
  await watchBootstrap(parts, positions, context);

  const proof = await readProof(psql);
  const unproven = rejectProof(proof, plan);
  if (unproven !== undefined) throw new ExecutorError(unproven);
  context.log(
    `Restored. Timeline ${proof.timeline} left timeline ${proof.left?.timeline ?? 0} at ${proof.left?.lsn ?? ""}: ` +
      `${proof.left?.reason ?? ""}.`,
  );
  if (context.signal.aborted) throw new ExecutorError(cancelledFailure);
  await context.pointOfNoReturn();
  stage.journal = { ...journal, stage: "proven" };
  await writeRestoreJournal(settings, stage.journal);
  const warnings = await finishRestore(parts, stage.journal, (line) => context.log(line));
  return {
    succeeded: true,
    backupId: plan.backup.label,
    artefactPath: artefactPathOf(request.storage, stanza.name, plan.backup.label),
    recordFolder: recordFolderOf(stanza.name, `restore-${context.fence}`),
    sizeBytes: plan.backup.databaseBytes,
    timeline: proof.timeline,
    ...(warnings.length === 0 ? {} : { warning: warnings.join(" ") }),
  };
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
  await psql.query("SELECT txid_current()");
  await psql.query("SELECT pg_switch_wal()");
  await pgbackrest.check(context.signal);
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
