/**
 * Makes a backup (flowchart create-backup, from "Was it possible to upload metadata file" on).
 *
 * @module
 */
import type { JobContext, JobResult } from "../../lib/executor.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import { storageLocation } from "../../lib/job/storage-config.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";
import { explainWal } from "./archiving/archiver-state.ts";
import { settleArchiveStorage } from "./archiving/archive-storage.ts";
import { underOneLeader } from "./backup/leader-watch.ts";
import { enterBackup, leaveBackup } from "./backup/member-in-backup.ts";
import { artefactPathOf, recordFolderOf } from "./artefact-path.ts";
import { parseLogLine } from "./pgbackrest/backup-log.ts";
import { firstFailure } from "./checks/checks.ts";
import { createBackupChecks, type BackupFacts } from "./checks/create-backup-checks.ts";
import { gatherBackupFacts, justFound } from "./facts.ts";
import { ExecutorError } from "../../lib/errors.ts";
import { cancelledFailure, failureOf } from "./job-failure.ts";
import type { Parts } from "./parts.ts";
import { endLeftovers } from "./recover.ts";
import { expireOthers } from "./expire.ts";
import { finishEarlierRestore } from "./restore/restore-finish.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { watchStorage, type Copying } from "./pgbackrest/storage-outage.ts";
import { primaryArguments } from "./pgbackrest/tls-config.ts";
import { underWatch } from "./watched-work.ts";

/** Makes a backup. A failure is a result; nothing is thrown for what the world does. */
export async function makeBackup(
  parts: Parts,
  request: BackupRequest,
  context: JobContext,
): Promise<JobResult> {
  try {
    return await backup(parts, request, context);
  } catch (error) {
    // Whatever went wrong while it was being stopped is a consequence of that.
    const failure = context.signal.aborted
      ? cancelledFailure
      : await explainWal(parts.psql, failureOf(error));
    return { succeeded: false, failure };
  }
}

async function backup(parts: Parts, request: BackupRequest, context: JobContext): Promise<JobResult> {
  const { settings } = parts;
  const { storage } = request;
  const log = (line: string): void => context.log(line);
  const cleanings = [
    await endLeftovers(parts, log),
    await leaveBackup(parts, log),
    await finishEarlierRestore(parts, log),
  ];
  const known = cleanings.includes(true) ? undefined : justFound(context);
  const facts = known ?? (await gatherBackupFacts(parts, request, context));
  const refused = firstFailure(createBackupChecks, facts);
  if (refused !== undefined) throw new ExecutorError(refused);

  const isReplica = facts.member?.isPrimary === false;
  const pgbackrest = isReplica
    ? await PgBackRest.configure(settings, parts.user, settings.files.archiveConfig, storage)
    : await settleArchiveStorage({ ...parts, log }, storage, holdsOwnStanza(facts), context.signal);
  await uploadMetadata(parts, request, context);
  const seen = await runInCluster(parts, facts, context, async (signal, primary) =>
    runBackup(pgbackrest, request, { ...context, signal }, primary, settings.timeLimits.outageMs),
  );
  if (seen.label === undefined)
    throw new ExecutorError({
      code: "backup-without-label",
      message: "pgBackRest ended well but did not name the backup it made.",
      remedy: "List the backups to see whether it is there, and report this with the job's log.",
    });
  const { stanzas } = await pgbackrest.info();
  const made = stanzas
    .find(({ name }) => name === settings.stanza)
    ?.backups.find(({ label }) => label === seen.label);
  if (made === undefined)
    throw new ExecutorError({
      code: "backup-not-listed",
      message: `pgBackRest made the backup ${seen.label}, but the repository does not list it.`,
      remedy: "Check whether somebody else writes to or deletes from the bucket, then make another backup.",
    });
  if (made.failed)
    throw new ExecutorError({
      code: "backup-page-checksums",
      message: `The backup ${made.label} holds pages with wrong checksums: the database itself is damaged.`,
      remedy: "Find the damaged pages in the job's log, repair the database, and keep the older backups.",
    });
  const notes = [...seen.warnings, ...(await expireOthers(parts, pgbackrest, request, context))];
  return {
    succeeded: true,
    backupId: made.label,
    artefactPath: artefactPathOf(storage, settings.stanza, made.label),
    recordFolder: recordFolderOf(settings.stanza, made.label),
    sizeBytes: made.repositoryBytes,
    timeline: made.timeline,
    ...(notes.length === 0 ? {} : { warning: notes.join(" ") }),
  };
}

/** Whether the repository has this database's stanza already. */
function holdsOwnStanza({ stanza, member }: BackupFacts): boolean {
  const systemId = stanza?.databases.at(-1)?.systemId;
  return systemId !== undefined && systemId === member?.systemId;
}

/**
 * Runs the backup as the cluster wants it: only as long as the primary stays the primary, told of in Patroni's tags, and
 * without clients on a replica. A unit alone has nobody to tell.
 */
async function runInCluster(
  parts: Parts,
  { member, leader, primary, plannedUnits }: BackupFacts,
  context: JobContext,
  run: (signal: AbortSignal, primary: readonly string[]) => Promise<BackupRun>,
): Promise<BackupRun> {
  const isReplica = member?.isPrimary === false;
  const before = { isPrimary: !isReplica, leader };
  if (plannedUnits === 1 || leader === undefined)
    return underOneLeader(parts.patroni, before, context.signal, async (signal) => run(signal, []));
  const log = (line: string): void => context.log(line);
  if (isReplica) log(`This replica copies the files; ${leader.name} is the primary.`);
  try {
    await enterBackup(parts, isReplica, log);
    const reach = isReplica && primary !== undefined ? primaryArguments(parts.settings, primary) : [];
    return await underOneLeader(parts.patroni, before, context.signal, async (signal) => run(signal, reach));
  } finally {
    await leaveBackup(parts, log);
  }
}

/** What pgBackRest warns of although it is as it should be: after a restore, or after a backup that was cancelled. */
const ordinaryWarnings = /a timeline switch has occurred|resumable backup|cannot be resumed/;

interface BackupRun {
  readonly label: string | undefined;
  readonly warnings: readonly string[];
}

async function runBackup(
  pgbackrest: PgBackRest,
  request: BackupRequest,
  context: JobContext,
  primary: readonly string[],
  outageMs: number,
): Promise<BackupRun> {
  const copying: Copying = { lastCopiedAtMs: performance.now() };
  let label: string | undefined;
  let percent = 0;
  const warnings: string[] = [];
  context.progress({ percent });
  const onLine = (line: string): void => {
    const event = parseLogLine(line);
    switch (event.kind) {
      case "copied":
        copying.lastCopiedAtMs = performance.now();
        // Several processes copy, and their lines may come in another order than they were written.
        if (event.percent <= percent) return;
        ({ percent } = event);
        context.progress({ percent });
        return;
      case "copying-done":
        context.progress({ percent: 100 });
        context.finalizing();
        return;
      case "label":
        ({ label } = event);
        context.log(`new backup label = ${event.label}`);
        return;
      case "message":
        if (event.text.startsWith("WARN: ") && !ordinaryWarnings.test(event.text))
          warnings.push(`pgBackRest warned: ${event.text.slice(6)}.`);
        context.log(event.text);
        return;
      case "detail":
        return;
    }
  };
  await underWatch(
    context.signal,
    async (done) => watchStorage(context, { command: "backup", limitMs: outageMs }, copying, done),
    async (signal) => pgbackrest.backup(request.backupType, request.compression, signal, onLine, primary),
  );
  return { label, warnings };
}

/** Proves that the storage takes objects before hours are spent on it, and says who asked. */
async function uploadMetadata(
  { settings }: Parts,
  request: BackupRequest,
  context: JobContext,
): Promise<void> {
  const { unit, application, modelUuid } = settings.environment;
  const metadata = {
    "backup-requested-at": request.requestedAt ?? new Date().toISOString(),
    "backup-type": request.backupType,
    "model-uuid": modelUuid,
    application,
    unit,
  };
  try {
    await context.store.put(
      recordFolderOf(settings.stanza, "latest.json"),
      `${JSON.stringify(metadata, null, 2)}\n`,
    );
  } catch (error) {
    const failure = storageFailure(error, storageLocation(request.storage));
    throw new ExecutorError(
      { ...failure, message: `Failed to upload metadata to provided S3. ${failure.message}` },
      error,
    );
  }
}
