/**
 * The decisions before a backup: those of the create-backup flowchart in its order, with the texts of Canonical's
 * charms, and ours among them. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import type { BackupRequest } from "../../../lib/job/request.ts";
import {
  describeLocation,
  sameLocation,
  storageLocation,
  type StorageLocation,
} from "../../../lib/job/storage-config.ts";
import { fails, failsWith, notApplicable, passed, type Check } from "./checks.ts";
import type { Version } from "../pgbackrest/pgbackrest-version.ts";
import { decideVersion } from "./pgbackrest-check.ts";
import type { ClusterFacts } from "../cluster/cluster-facts.ts";
import { decideUnfinished, type UnfinishedRestore } from "./unfinished-restore.ts";
import type { MemberState } from "../patroni/patroni.ts";
import { rejectStorage } from "./storage-check.ts";
import type { Stanza } from "../pgbackrest/pgbackrest-info.ts";

/** What is known before a backup. What was not looked up, because an earlier decision had failed, is undefined. */
export interface BackupFacts extends ClusterFacts {
  readonly request: BackupRequest;
  readonly stanzaName: string;
  /** A restore that was neither finished nor undone. */
  readonly unfinishedRestore: UnfinishedRestore | undefined;
  /** What `pgbackrest version` says; undefined where it says nothing of the kind. */
  readonly pgBackRestVersion: Version | undefined;
  /** What this unit's Patroni says; undefined where it does not answer. */
  readonly member: MemberState | undefined;
  /** The setting archive_mode of PostgreSQL. */
  readonly archiveMode: string | undefined;
  /** The repository to which this cluster archives; undefined where none is settled yet. */
  readonly archiveStorage: StorageLocation | undefined;
  /** Why the storage cannot be used; undefined where it can. */
  readonly probeFailure: Failure | undefined;
  /** Why the repository cannot be read. */
  readonly repositoryFailure: Failure | undefined;
  /** Our stanza in the repository, if it is there. */
  readonly stanza: Stanza | undefined;
  /** Whether the database was restored from this repository when it was another cluster's. */
  readonly isForeignRepository: boolean;
}

/** The decisions before a backup, in order. */
export const createBackupChecks: readonly Check<BackupFacts>[] = [
  {
    name: "is-earlier-restore-finished",
    decide: ({ unfinishedRestore }) => decideUnfinished(unfinishedRestore),
  },
  {
    name: "is-pgbackrest-recent-enough",
    decide: ({ pgBackRestVersion }) => decideVersion(pgBackRestVersion),
  },
  {
    name: "is-unit-blocked",
    chart: "Is unit in blocked state?",
    decide: () => notApplicable("the provider asks whether the unit is ready before it gives it a job"),
  },
  {
    name: "is-database-online",
    decide: ({ member }) =>
      member === undefined
        ? fails(
            "database-offline",
            "Unit cannot perform backups as the database seems to be offline: Patroni does not answer.",
            "Start Patroni on this unit, then request the backup again.",
          )
        : passed,
  },
  {
    name: "is-primary-of-tls-cluster",
    chart: "Is primary in a TLS enabled multiple units cluster?",
    // The leader's choice of a unit prefers replicas; this is for whoever asks the primary itself.
    decide: ({ member, plannedUnits, isTlsEnabled, readyReplicas }) => {
      if (member?.isPrimary !== true || plannedUnits === 1 || !isTlsEnabled) return passed;
      return readyReplicas.length === 0
        ? passed
        : fails(
            "unit-is-primary",
            `Unit cannot perform backups as it is the cluster primary: ${readyReplicas.join(", ")} can, and without a burden for clients.`,
            `Request the backup on ${readyReplicas.join(" or ")}.`,
          );
    },
  },
  {
    name: "is-replica-without-tls",
    chart: "Is replica and with TLS disabled?",
    decide: ({ member, isTlsEnabled }) =>
      member?.isPrimary === true || isTlsEnabled
        ? passed
        : fails(
            "tls-not-enabled",
            "Unit cannot perform backups as TLS is not enabled: it is a replica, and cannot reach the primary.",
            "Relate the database to a provider of certificates, or request the backup on the primary.",
          ),
  },
  {
    name: "has-cluster-a-leader",
    decide: ({ member }) =>
      member?.locked === true
        ? passed
        : fails(
            "cluster-without-leader",
            "Unit cannot perform backups as the cluster has no leader.",
            "Wait until Patroni has promoted a member, then request the backup again.",
          ),
  },
  {
    name: "is-tls-server-running-on-primary",
    decide: ({ member, primary, isPrimaryServing }) =>
      member?.isPrimary === true || isPrimaryServing === true
        ? passed
        : fails(
            "primary-unreachable",
            primary?.tls === undefined
              ? "Unit cannot perform backups as the primary has not said how it is reached over TLS."
              : `Unit cannot perform backups as pgBackRest's TLS server of the primary, ${primary.tls.address} port ${primary.tls.port}, does not answer.`,
            "Look at the status and the log of the primary's unit, and check the network between the units.",
          ),
  },
  {
    name: "is-member-running",
    decide: ({ member }) =>
      member?.state === "running" || member?.state === "streaming"
        ? passed
        : fails(
            "database-not-running",
            `Unit cannot perform backups as it's not in running state: Patroni says "${member?.state ?? ""}".`,
            "Wait until PostgreSQL runs, then request the backup again.",
          ),
  },
  {
    name: "is-archive-mode-on",
    decide: ({ archiveMode }) =>
      archiveMode === "on" || archiveMode === "always"
        ? passed
        : fails(
            "archive-mode-off",
            `PostgreSQL's archive_mode is ${archiveMode ?? "not known"}, so it cannot archive WAL, without which no backup can be restored.`,
            "Set archive_mode to on in Patroni's dynamic configuration and restart PostgreSQL.",
          ),
  },
  {
    name: "has-stanza-been-initialised",
    chart: "Has stanza been initialised?",
    // The primary creates the stanza where it is missing; a replica cannot have it archive.
    decide: ({ member, archiveStorage }) =>
      member?.isPrimary === true || archiveStorage !== undefined
        ? passed
        : fails(
            "stanza-not-initialised",
            "Stanza was not initialised: the primary does not archive yet, as far as this replica knows.",
            "Relate the database to a storage and wait until the unit is active, or request the backup on the primary.",
          ),
  },
  {
    name: "is-s3-relation-established",
    chart: "Is S3 relation established?",
    decide: () => notApplicable("the job brings its storage configuration"),
  },
  {
    name: "has-missing-s3-parameters",
    chart: "Has missing S3 parameters?",
    decide: ({ request }) => failsWith(rejectStorage(request.storage)),
  },
  {
    name: "is-archive-storage",
    decide: ({ request, archiveStorage }) => {
      const asked = storageLocation(request.storage);
      if (archiveStorage === undefined || sameLocation(asked, archiveStorage)) return passed;
      return fails(
        "archive-storage-differs",
        `The backup is wanted in ${describeLocation(asked)}, but this cluster archives its WAL to ` +
          `${describeLocation(archiveStorage)}, and a backup without its WAL cannot be restored.`,
        "Request the backup with the storage that this cluster archives to.",
      );
    },
  },
  {
    name: "was-possible-to-reach-s3",
    chart: "Was it possible to upload metadata file to test connectivity to S3?",
    decide: ({ probeFailure }) => failsWith(probeFailure),
  },
  {
    name: "is-repository-readable",
    decide: ({ repositoryFailure }) => failsWith(repositoryFailure),
  },
  {
    name: "is-repository-of-this-cluster",
    decide: (facts) => failsWith(rejectOwner(facts)),
  },
  {
    name: "has-full-backup-to-reference",
    decide: ({ request, stanza }) =>
      request.backupType === "full" || stanza?.backups.some(({ failed }) => !failed) === true
        ? passed
        : fails(
            "backup-without-base",
            `Invalid backup type: ${request.backupType}. No previous full backup to reference.`,
            "Request a full backup first.",
          ),
  },
];

/** Why a repository is not this cluster's to write to; undefined where it is. */
export function rejectOwner({
  stanza,
  stanzaName,
  member,
  isForeignRepository,
}: Pick<BackupFacts, "stanza" | "stanzaName" | "member" | "isForeignRepository">): Failure | undefined {
  if (isForeignRepository)
    return {
      code: "repository-of-another-cluster",
      message:
        "the S3 repository has backups from another cluster: this database was restored from one of them, and what " +
        "both archived there could not be told apart.",
      remedy: "Use another storage path for this cluster.",
    };
  const newest = stanza?.databases.at(-1);
  if (newest === undefined || member?.systemId === undefined || newest.systemId === member.systemId)
    return undefined;
  return {
    code: "repository-of-another-cluster",
    message:
      `the S3 repository has backups from another cluster: its stanza "${stanzaName}" belongs to the system ` +
      `identifier ${newest.systemId}, this cluster has ${member.systemId}.`,
    remedy: "Use another storage path for this cluster.",
  };
}
