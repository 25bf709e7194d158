/**
 * Gathers what the checks decide on. Asks in the order of the checks and stops where an answer makes the rest moot: an
 * unreachable server is found in seconds by us, and in minutes by pgBackRest.
 *
 * @module
 */
import type { JobContext } from "../../lib/executor.ts";
import type { Failure } from "../../lib/job/report.ts";
import type { BackupRequest } from "../../lib/job/request.ts";
import { storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";
import { readArchiveStorage } from "./archiving/archive-storage.ts";
import { isForeignRepository } from "./archiving/foreign-repositories.ts";
import { gatherClusterFacts } from "./cluster/cluster-facts.ts";
import type { BackupFacts } from "./checks/create-backup-checks.ts";
import { rejectStorage } from "./checks/storage-check.ts";
import type { UnfinishedRestore } from "./checks/unfinished-restore.ts";
import { inspect } from "./inspection.ts";
import { failureOf } from "./job-failure.ts";
import type { Settings } from "./options.ts";
import type { Parts } from "./parts.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import type { Stanza } from "./pgbackrest/pgbackrest-info.ts";
import { standingAside } from "./restore/data-directory.ts";
import { readRestoreJournal } from "./restore/restore-journal.ts";

/** For how long what a preflight has found out is taken for the present, in milliseconds. */
const freshMs = 5_000;
const found = new WeakMap<JobContext, { readonly facts: BackupFacts; readonly at: number }>();

/** Gathers what is known before a backup, for a preflight. The backup itself, which follows, need not ask again. */
export async function gatherForPreflight(
  parts: Parts,
  request: BackupRequest,
  context: JobContext,
): Promise<BackupFacts> {
  const facts = await gatherBackupFacts(parts, request, context);
  found.set(context, { facts, at: performance.now() });
  return facts;
}

/** What the preflight of the same job has found out a moment ago; undefined where there was none. */
export function justFound(context: JobContext): BackupFacts | undefined {
  const known = found.get(context);
  return known !== undefined && performance.now() - known.at < freshMs ? known.facts : undefined;
}

/** Gathers what is known before a backup. */
export async function gatherBackupFacts(
  parts: Parts,
  request: BackupRequest,
  context: JobContext,
): Promise<BackupFacts> {
  const { settings, patroni, psql } = parts;
  const member = await patroni.member();
  const online = member?.state === "running" || member?.state === "streaming";
  const archiveMode = online ? await psql.value("SHOW archive_mode") : undefined;
  const archiveStorage = await readArchiveStorage(settings);
  const rejected = rejectStorage(request.storage) !== undefined;
  const probeFailure = rejected ? undefined : await probe(request.storage, context);
  let repositoryFailure: Failure | undefined;
  let stanza: Stanza | undefined;
  if (!rejected && probeFailure === undefined) {
    try {
      stanza = await inspect(parts, request.storage, async (pgbackrest) =>
        (await pgbackrest.info(context.signal)).stanzas.find(({ name }) => name === settings.stanza),
      );
    } catch (error) {
      repositoryFailure = failureOf(error);
    }
  }
  return {
    ...(await gatherClusterFacts(parts, member)),
    request,
    stanzaName: settings.stanza,
    unfinishedRestore: await unfinishedRestore(settings),
    pgBackRestVersion: await PgBackRest.version(settings, parts.user),
    member,
    archiveMode,
    archiveStorage,
    probeFailure,
    repositoryFailure,
    stanza,
    isForeignRepository: await isForeignRepository(settings, request.storage),
  };
}

/** A restore of before that stands in the way. */
export async function unfinishedRestore(settings: Settings): Promise<UnfinishedRestore | undefined> {
  const journal = await readRestoreJournal(settings);
  // One that was proven is brought to its end by the next job.
  if (journal?.stage !== "begun") return undefined;
  const aside = await standingAside(journal.moves);
  const isDiscarded = journal.discards === true && aside.length === 0;
  return { jobId: journal.jobId, journalFile: settings.files.restoreJournal, aside, isDiscarded };
}

/** Why a storage cannot be used; undefined where it can. */
export async function probe(storage: StorageConfig, context: JobContext): Promise<Failure | undefined> {
  try {
    await context.store.probe();
    return undefined;
  } catch (error) {
    return storageFailure(error, storageLocation(storage));
  }
}
