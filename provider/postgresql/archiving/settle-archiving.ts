/**
 * Makes the related storage the one that this cluster archives to (flowchart s3-credentials-changed), in every dispatch.
 *
 * @module
 */
import type { JujuEvent } from "../../../lib/juju/event.ts";
import type { Juju, UnitStatus } from "../../../lib/juju/juju.ts";
import { requestS3Secrets, type RelatedStorage } from "../../../lib/storage/s3-relation.ts";
import { readMembers } from "../cluster/known-members.ts";
import { walkCredentialsGone, type CredentialsGoneFacts } from "../checks/credentials-gone-checks.ts";
import { walkChart, type ArchivingPort, type S3CredentialsFacts } from "../checks/s3-credentials-checks.ts";
import { rejectStorage } from "../checks/storage-check.ts";
import type { Settings } from "../options.ts";
import type { Parts } from "../parts.ts";
import { readRestoreJournal } from "../restore/restore-journal.ts";
import { ArchivingPeers } from "./archiving-peers.ts";
import { archivingPort } from "./archiving-port.ts";
import {
  archivePlace,
  archivingDigest,
  readArchivingRecord,
  removeArchivingRecord,
  writeArchivingRecord,
} from "./archiving-record.ts";

/** What a dispatch knows. */
export interface ArchivingDispatch {
  readonly juju: Juju;
  /** Why the charm was dispatched. */
  readonly event: JujuEvent;
  /** The endpoint of the interface `s3`. */
  readonly storageEndpoint: string;
  /** What the storage endpoint says. */
  readonly related: RelatedStorage;
  /** Whether a backup or a restore runs on this unit. */
  readonly isJobUnderWay: boolean;
  /** The peer endpoint of the cluster's units. Not that of the library. Default: `database-peers`. */
  readonly peerEndpoint?: string;
}

const memberTimeoutMs = 900;

/**
 * Evaluates the chart s3-credentials-changed, or, where no storage is related, credentials-gone, after the leader has asked for the storage's keys as a secret.
 *
 * @returns The status to show where WAL does not reach the storage; undefined where there is nothing to say.
 */
export async function settleArchiving(
  parts: Parts,
  dispatch: ArchivingDispatch,
): Promise<UnitStatus | undefined> {
  const { juju, event, storageEndpoint, related, isJobUnderWay, peerEndpoint = "database-peers" } = dispatch;
  const isLeader = await juju.isLeader();
  await requestS3Secrets(juju, storageEndpoint, event, isLeader);
  const { settings, patroni } = parts;
  const isRelated = related.complete || related.related;
  const peers = await ArchivingPeers.of(juju, peerEndpoint);
  if (!isRelated) {
    await settleGone(settings, juju, peers, isLeader);
    return undefined;
  }
  const storage = related.complete ? related.storage : undefined;
  const member = await patroni.member(memberTimeoutMs);
  const place = storage === undefined ? "" : archivePlace(storage);
  const isAlone = Object.keys((await readMembers(settings)).others).length === 0;
  const digest =
    storage === undefined ? "" : archivingDigest(storage, settings.stanza, member?.systemId, isAlone);
  const known = await readArchivingRecord(settings);
  const facts: S3CredentialsFacts = {
    member,
    isJobUnderWay,
    isRestoreUnfinished: (await readRestoreJournal(settings)) !== undefined,
    isRelated,
    missing: related.complete ? [] : related.missing,
    settingsFailure: settingsFailure(related),
    isLeader,
    isAskedFor: await peers.isAskedFor(place),
    isSettled: known?.digest === digest && known.failure === undefined,
    isProvenByPrimary: member?.isPrimary === false && (await peers.isProvenElsewhere(place)),
  };
  if (isLeader && storage !== undefined && facts.settingsFailure === undefined) await peers.ask(place);
  const lines: string[] = [];
  const port = (): ArchivingPort => {
    if (storage === undefined) throw new TypeError("the chart was passed without a storage");
    return archivingPort(parts, storage, member, (line) => void lines.push(line));
  };
  const end = await walkChart(facts, port);
  for (const line of lines) await juju.log("INFO", line);
  if (storage === undefined) return undefined;
  const failure = end.kind === "blocked" ? end.failure : undefined;
  if (end.kind === "settled" || failure !== undefined) {
    if (failure !== undefined && known?.failure?.message !== failure.message)
      await juju.log("ERROR", `${failure.message} ${failure.remedy}`);
    await writeArchivingRecord(settings, { digest, ...(failure === undefined ? {} : { failure }) });
  }
  const isProven = end.kind === "settled" || (end.kind === "returned" && facts.isSettled);
  // A replica that was promoted says it anew: the word of the primary before may have gone with its unit.
  if (member?.isPrimary === true && (isProven || failure !== undefined))
    await peers.say({ place, ...(failure === undefined ? {} : { failure: failure.message }) });
  if (failure !== undefined) return { name: "blocked", message: failure.message };
  // What cannot be decided now stays as it was.
  const before = end.kind === "deferred" && known?.digest === digest ? known.failure?.message : undefined;
  const message = before ?? (isLeader ? await peers.failureElsewhere(place) : undefined);
  return message === undefined ? undefined : { name: "blocked", message };
}

async function settleGone(
  settings: Settings,
  juju: Juju,
  peers: ArchivingPeers,
  isLeader: boolean,
): Promise<void> {
  const facts: CredentialsGoneFacts = {
    isRelated: false,
    isLeader,
    ...(await peers.standing()),
    hasFound: (await readArchivingRecord(settings)) !== undefined,
  };
  const end = await walkCredentialsGone(facts, {
    withdrawWish: async () => peers.withdraw(),
    takeBackWord: async () => peers.unsay(),
    forgetFinding: async () => removeArchivingRecord(settings),
  });
  if (end.kind === "settled")
    await juju.log("INFO", "The storage is no longer related. WAL goes on to where it went.");
}

function settingsFailure(related: RelatedStorage): S3CredentialsFacts["settingsFailure"] {
  if (!related.complete) return undefined;
  const [problem] = related.problems;
  if (problem === undefined) return rejectStorage(related.storage);
  return { code: "storage-config-invalid", message: problem.message, remedy: problem.remedy };
}
