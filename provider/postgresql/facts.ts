/**
 * Gathers what the checks decide on. Asks in the order of the checks and stops where an answer makes the rest moot: an
 * unreachable server is found in seconds by us, and in minutes by pgBackRest.
 *
 * @module
 */
import { lstat, readlink, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { JobContext } from "../../lib/executor.ts";
import type { BackupRequest, RestoreRequest } from "../../lib/job/request.ts";
import { storageLocation, type StorageConfig } from "../../lib/job/storage-config.ts";
import type { Failure } from "../../lib/job/report.ts";
import { storageFailure } from "../../lib/storage/storage-failure.ts";
import { readArchiveStorage } from "./archive-storage.ts";
import { parseArtefact } from "./artefact-path.ts";
import type { BackupFacts } from "./checks/create-backup-checks.ts";
import type { Parts } from "./parts.ts";
import { isMountPoint } from "./mount-point.ts";
import { standingAside } from "./restore/data-directory.ts";
import type { Settings } from "./options.ts";
import { readRestoreJournal } from "./restore/restore-journal.ts";
import type { UnfinishedRestore } from "./checks/unfinished-restore.ts";
import { ExecutorError } from "../../lib/errors.ts";
import { failureOf } from "./job-failure.ts";
import { rejectStorage } from "./checks/storage-check.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import type { Stanza } from "./pgbackrest/pgbackrest-info.ts";
import { rejectTime, type DiskFacts, type RestoreFacts } from "./checks/restore-checks.ts";
import {
  chooseBackup,
  chooseTimeline,
  type Decision,
  type RestorePlan,
  type RestoreWish,
} from "./checks/restore-target.ts";
import type { Ancestor } from "./pgbackrest/timeline-history.ts";
import { parseMoment } from "./restore-time.ts";

/** Gathers what is known before a backup. */
export async function gatherBackupFacts(
  parts: Parts,
  request: BackupRequest,
  context: JobContext,
): Promise<BackupFacts> {
  const { settings, patroni, psql } = parts;
  const member = await patroni.member();
  const online = member?.state === "running";
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
  };
}

/** What is known before a restore, and what the checks need not know. */
export interface GatheredRestore {
  readonly facts: RestoreFacts;
  /** The stanza to restore from, which may be another cluster's. */
  readonly stanza: Stanza | undefined;
}

/** Gathers what is known before a restore. */
export async function gatherRestoreFacts(
  parts: Parts,
  request: RestoreRequest,
  context: JobContext,
): Promise<GatheredRestore> {
  const { settings, patroni } = parts;
  const now = Date.now() * 1000;
  const member = await patroni.member();
  const members = member === undefined ? [] : await patroni.members();
  const moot =
    rejectStorage(request.storage) !== undefined || rejectTime(request.restoreToTime, now) !== undefined;
  const probeFailure = moot ? undefined : await probe(request.storage, context);
  const disk = await diskFacts(settings.postgresql.dataDirectory);
  let repositoryFailure: Failure | undefined;
  let plan: Decision<RestorePlan> | undefined;
  let stanza: Stanza | undefined;
  if (!moot && probeFailure === undefined) {
    try {
      stanza = await inspect(parts, request.storage, async (pgbackrest) => {
        const { stanzas } = await pgbackrest.info(context.signal);
        const chosen = chooseStanza(request, stanzas, settings.stanza);
        plan = await choosePlan(pgbackrest, chosen, request, context.signal);
        return chosen;
      });
    } catch (error) {
      repositoryFailure = failureOf(error);
    }
  }
  const databaseId = plan?.decided === true ? plan.value.backup.databaseId : undefined;
  return {
    stanza,
    facts: {
      request,
      unfinishedRestore: await unfinishedRestore(settings),
      pgBackRestVersion: await PgBackRest.version(settings, parts.user),
      now,
      member,
      members,
      probeFailure,
      repositoryFailure,
      plan,
      backupVersion: stanza?.databases.find(({ id }) => id === databaseId)?.version,
      disk,
    },
  };
}

/** Works with a repository through a configuration of its own, which is removed afterwards. */
export async function inspect<T>(
  { settings, user }: Pick<Parts, "settings" | "user">,
  storage: StorageConfig,
  work: (pgbackrest: PgBackRest) => Promise<T>,
): Promise<T> {
  const file = join(settings.files.pgbackrest, `inspect-${process.pid}-${(inspections += 1)}.conf`);
  const pgbackrest = await PgBackRest.configure(settings, user, file, storage);
  try {
    return await work(pgbackrest);
  } finally {
    await pgbackrest.forget();
  }
}

let inspections = 0;

/** Chooses what to restore, asking the repository only for the history that it needs. */
async function choosePlan(
  pgbackrest: PgBackRest,
  stanza: Stanza,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<Decision<RestorePlan>> {
  const wish = wishOf(request);
  const database = databaseOf(stanza, wish);
  const archive = stanza.archives.findLast(({ databaseId }) => databaseId === database);
  // Another database's backups have timelines of their own, which say nothing about these.
  const backups = stanza.backups.filter(({ databaseId }) => databaseId === database);
  const timelines = archive === undefined ? [] : await pgbackrest.timelines(stanza.name, archive.id, signal);
  const histories = new Map<number, readonly Ancestor[]>();
  const read = async (timeline: number | undefined): Promise<void> => {
    if (archive === undefined || timeline === undefined || timeline <= 1 || histories.has(timeline)) return;
    histories.set(timeline, await pgbackrest.ancestors(stanza.name, archive.id, timeline, signal));
  };
  const source = { backups, timelines };
  // Whether a named backup lies on the timeline of the wanted moment is written in that timeline's history.
  if (wish.time !== undefined) {
    const { backupId: _, ...moment } = wish;
    const held = chooseTimeline(moment, source, () => []);
    if (held.decided) await read(held.value);
  }
  const chosen = chooseTimeline(wish, source, (timeline) => histories.get(timeline) ?? []);
  if (!chosen.decided) return chosen;
  await read(chosen.value);
  return chooseBackup(wish, chosen.value, histories.get(chosen.value) ?? [], source);
}

function wishOf(request: RestoreRequest): RestoreWish {
  const named =
    request.artefactPath === undefined ? undefined : parseArtefact(request.artefactPath, request.storage);
  if (named !== undefined && "failure" in named) throw new ExecutorError(named.failure);
  const text = request.restoreToTime ?? "";
  const parsed = text === "" || text === "latest" ? undefined : parseMoment(text);
  const time = text === "latest" ? "latest" : parsed?.kind === "moment" ? parsed.moment : undefined;
  return {
    ...(named === undefined ? {} : { backupId: named.label }),
    ...(time === undefined ? {} : { time }),
    ...(request.restoreTimeline === undefined ? {} : { timeline: request.restoreTimeline }),
  };
}

/** The database in the stanza's history to restore: that of the backup named, else the newest. */
function databaseOf(stanza: Stanza, wish: RestoreWish): number | undefined {
  const named = stanza.backups.find(({ label }) => label === wish.backupId);
  return named?.databaseId ?? stanza.databases.at(-1)?.id;
}

function chooseStanza(request: RestoreRequest, stanzas: readonly Stanza[], own: string): Stanza {
  const named =
    request.artefactPath === undefined ? undefined : parseArtefact(request.artefactPath, request.storage);
  if (named !== undefined && "failure" in named) throw new ExecutorError(named.failure);
  const wanted = named?.stanza ?? (stanzas.length === 1 ? stanzas[0]?.name : own);
  const found = stanzas.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = stanzas.map(({ name }) => name);
  throw new ExecutorError({
    code: "restore-stanza-unknown",
    message:
      names.length === 0
        ? "The repository holds no backups at all."
        : `The repository has no stanza "${wanted ?? own}"; it has ${names.join(", ")}.`,
    remedy:
      names.length === 0
        ? "Check bucket and path of the storage configuration."
        : "Give the whole artefact path of the backup, which names its stanza.",
  });
}

async function unfinishedRestore(settings: Settings): Promise<UnfinishedRestore | undefined> {
  const journal = await readRestoreJournal(settings);
  // One that was proven is brought to its end by the next job.
  if (journal?.stage !== "begun") return undefined;
  const aside = await standingAside(journal.moves);
  return { jobId: journal.jobId, journalFile: settings.files.restoreJournal, aside };
}

async function probe(storage: StorageConfig, context: JobContext): Promise<Failure | undefined> {
  try {
    await context.store.probe();
    return undefined;
  } catch (error) {
    return storageFailure(error, storageLocation(storage));
  }
}

async function diskFacts(dataDirectory: string): Promise<DiskFacts> {
  const { bavail, bsize } = await statfs(dataDirectory);
  const wal = join(dataDirectory, "pg_wal");
  const walIsLink = (await lstat(wal)).isSymbolicLink();
  return {
    dataDirectory,
    isLink: (await lstat(dataDirectory)).isSymbolicLink(),
    isMountPoint: await isMountPoint(dataDirectory),
    walElsewhere: walIsLink ? await readlink(wal) : undefined,
    freeBytes: bavail * bsize,
  };
}
