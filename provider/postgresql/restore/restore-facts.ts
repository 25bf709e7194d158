/**
 * Gathers what the checks before a restore decide on, among it what to restore.
 *
 * @module
 */
import { lstat, readlink, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ExecutorError } from "../../../lib/errors.ts";
import type { JobContext } from "../../../lib/executor.ts";
import type { Failure } from "../../../lib/job/report.ts";
import type { RestoreRequest } from "../../../lib/job/request.ts";
import { parseArtefact } from "../artefact-path.ts";
import { rejectTime, type DiskFacts, type RestoreFacts } from "../checks/restore-checks.ts";
import { chooseBackup, chooseTimeline, type RestoreWish } from "../checks/restore-target.ts";
import { rejectStorage } from "../checks/storage-check.ts";
import { probe, unfinishedRestore } from "../facts.ts";
import { inspect } from "../inspection.ts";
import { failureOf } from "../job-failure.ts";
import { isMountPoint } from "../mount-point.ts";
import type { Parts } from "../parts.ts";
import { PgBackRest } from "../pgbackrest/pgbackrest.ts";
import type { Stanza } from "../pgbackrest/pgbackrest-info.ts";
import type { Ancestor } from "../pgbackrest/timeline-history.ts";
import { parseMoment } from "../restore-time.ts";
import { gatherEvidence, type ChosenRestore, type RestoreEvidence } from "./restore-evidence.ts";

const sizeTimeoutMs = 10 * 60_000;

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
  const members = member === undefined ? [] : (await patroni.cluster()).map(({ name }) => name);
  const moot =
    rejectStorage(request.storage) !== undefined || rejectTime(request.restoreToTime, now) !== undefined;
  const probeFailure = moot ? undefined : await probe(request.storage, context);
  const disk = await diskFacts(parts, request.discardOldData === true);
  let repositoryFailure: Failure | undefined;
  let chosen: ChosenRestore | undefined;
  let evidence: RestoreEvidence | undefined;
  if (!moot && probeFailure === undefined) {
    try {
      await inspect(parts, request.storage, async (pgbackrest) => {
        const { stanzas } = await pgbackrest.info(context.signal);
        const stanza = chooseStanza(request, stanzas, settings.stanza);
        chosen = await chooseRestore(pgbackrest, stanza, request, context.signal);
        evidence = await gatherEvidence(pgbackrest, chosen, context.signal);
      });
    } catch (error) {
      repositoryFailure = failureOf(error);
    }
  }
  const plan = chosen?.plan;
  const databaseId = plan?.decided === true ? plan.value.backup.databaseId : undefined;
  const database = chosen?.stanza.databases.find(({ id }) => id === databaseId);
  return {
    stanza: chosen?.stanza,
    facts: {
      request,
      isAllowed: settings.allowRestore,
      unfinishedRestore: await unfinishedRestore(settings),
      pgBackRestVersion: await PgBackRest.version(settings, parts.user),
      now,
      plannedUnits: context.plannedUnits,
      member,
      members,
      probeFailure,
      repositoryFailure,
      plan,
      backupSystemId: evidence?.systemId,
      listedSystemId: database?.systemId,
      files: evidence?.files,
      wal: evidence?.wal,
      backupVersion: database?.version,
      disk,
    },
  };
}

/** Chooses what to restore, asking the repository only for the history that it needs. */
async function chooseRestore(
  pgbackrest: PgBackRest,
  stanza: Stanza,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<ChosenRestore> {
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
  const of = { stanza, archiveId: archive?.id };
  const timeline = chooseTimeline(wish, source, (each) => histories.get(each) ?? []);
  if (!timeline.decided) return { ...of, plan: timeline, ancestors: [] };
  await read(timeline.value);
  const ancestors = histories.get(timeline.value) ?? [];
  return { ...of, plan: chooseBackup(wish, timeline.value, ancestors, source), ancestors };
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

/** Undefined where there is no data directory: after a restore that discarded the old data and failed. */
async function diskFacts({ settings, user }: Parts, discards: boolean): Promise<DiskFacts | undefined> {
  const { dataDirectory } = settings.postgresql;
  const found = await lstat(dataDirectory).catch(() => undefined);
  if (found === undefined) return undefined;
  const { bavail, bsize } = await statfs(dataDirectory);
  const wal = join(dataDirectory, "pg_wal");
  const walIsLink = (await lstat(wal).catch(() => undefined))?.isSymbolicLink() === true;
  return {
    dataDirectory,
    isLink: found.isSymbolicLink(),
    isMountPoint: await isMountPoint(dataDirectory),
    walElsewhere: walIsLink ? await readlink(wal) : undefined,
    freeBytes: bavail * bsize,
    ...(discards ? { presentBytes: await sizeOf(user, dataDirectory) } : {}),
  };
}

/** How much of the file system a directory takes up, without what its links lead to. */
async function sizeOf(user: Parts["user"], directory: string): Promise<number> {
  const { stdout } = await user.run(["du", "-s", "--block-size=1", directory], { timeoutMs: sizeTimeoutMs });
  // While a server works, files come and go, and `du` ends with an error; what it has counted, it says all the same.
  return Number.parseInt(stdout, 10) || 0;
}
