/**
 * The decisions before a restore: those of the restore flowchart in its order, with the texts of Canonical's charms,
 * and ours among them. Everything is decided before anything is touched. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import type { RestoreRequest } from "../../../lib/job/request.ts";
import { fails, failsWith, notApplicable, passed, type Check } from "./checks.ts";
import { describeBytes } from "../job-failure.ts";
import type { MemberState } from "../patroni/patroni.ts";
import { rejectStorage } from "./storage-check.ts";
import type { Decision, RestorePlan } from "./restore-target.ts";
import type { Version } from "../pgbackrest/pgbackrest-version.ts";
import { decideVersion } from "./pgbackrest-check.ts";
import { decideUnfinished, type UnfinishedRestore } from "./unfinished-restore.ts";
import type { BackupEvidence } from "./backup-evidence.ts";
import type { WalEvidence } from "./wal-evidence.ts";
import { parseMoment, rfc3339, rfc3339OfSeconds } from "../restore-time.ts";

/** What is known before a restore. What was not looked up, because an earlier decision had failed, is undefined. */
export interface RestoreFacts {
  readonly request: RestoreRequest;
  /** Whether the database's own admin lets it be restored. */
  readonly isAllowed: boolean;
  /** A restore that was neither finished nor undone. */
  readonly unfinishedRestore: UnfinishedRestore | undefined;
  /** What `pgbackrest version` says; undefined where it says nothing of the kind. */
  readonly pgBackRestVersion: Version | undefined;
  /** Microseconds since 1970. */
  readonly now: number;
  /** How many units the application is to have. */
  readonly plannedUnits: number;
  readonly member: MemberState | undefined;
  readonly members: readonly string[];
  readonly probeFailure: Failure | undefined;
  readonly repositoryFailure: Failure | undefined;
  /** What is to be restored, or why that cannot be decided. */
  readonly plan: Decision<RestorePlan> | undefined;
  /** PostgreSQL's system identifier in the backup itself. */
  readonly backupSystemId: string | undefined;
  /** The one that the repository lists for the backup. */
  readonly listedSystemId: string | undefined;
  /** What was found of the backup's files. */
  readonly files: BackupEvidence | undefined;
  /** What was found of the WAL that is replayed. */
  readonly wal: WalEvidence | undefined;
  /** The version of PostgreSQL in the backup, for example `15`. */
  readonly backupVersion: string | undefined;
  readonly disk: DiskFacts | undefined;
}

/** What is known of the data directory. */
export interface DiskFacts {
  readonly dataDirectory: string;
  readonly isMountPoint: boolean;
  readonly isLink: boolean;
  /** Where the WAL lies if that is outside the data directory. */
  readonly walElsewhere: string | undefined;
  /** What the file system of the data directory has left for the database user, in bytes. */
  readonly freeBytes: number;
  /** What the data directory takes up, in bytes; known where it may be discarded. */
  readonly presentBytes?: number;
}

/** Beside the copy itself: WAL that is replayed and the server's own needs. */
export const spareBytes: number = 256 * 1024 * 1024;

/** The decisions before a restore, in order. */
export const restoreChecks: readonly Check<RestoreFacts>[] = [
  {
    name: "is-restore-allowed",
    decide: ({ isAllowed }) =>
      isAllowed
        ? passed
        : fails(
            "restore-not-allowed",
            "This database's own configuration forbids that it is restored.",
            "Set the database's configuration option allow-restore to true, then request the restore again.",
          ),
  },
  {
    name: "is-earlier-restore-finished",
    decide: ({ unfinishedRestore }) =>
      unfinishedRestore?.isDiscarded === true ? passed : decideUnfinished(unfinishedRestore),
  },
  {
    name: "is-pgbackrest-recent-enough",
    decide: ({ pgBackRestVersion }) => decideVersion(pgBackRestVersion),
  },
  {
    name: "has-missing-s3-parameters",
    decide: ({ request }) => failsWith(rejectStorage(request.storage)),
  },
  {
    name: "has-user-provided-a-backup-id",
    chart: "Has user provided a backup id?",
    decide: ({ request }) =>
      (request.artefactPath ?? "") !== "" || (request.restoreToTime ?? "") !== ""
        ? passed
        : fails(
            "restore-target-missing",
            "Either artefact-path or restore-to-time need to be provided to be able to do restore.",
            "Give artefact-path or restore-to-time, or both.",
          ),
  },
  {
    name: "is-restore-time-well-formed",
    decide: ({ request, now }) => failsWith(rejectTime(request.restoreToTime, now)),
  },
  {
    name: "is-workload-container-accessible",
    chart: "Is workload container accessible?",
    decide: () => notApplicable("a machine has no workload container"),
  },
  {
    name: "is-unit-blocked",
    chart: "Is unit in blocked state?",
    decide: () => notApplicable("the provider asks whether the unit is ready before it gives it a job"),
  },
  {
    name: "is-single-unit-cluster",
    chart: "Is single unit cluster?",
    decide: ({ plannedUnits, members }) =>
      plannedUnits <= 1 && members.length <= 1
        ? passed
        : fails(
            "restore-with-more-units",
            "Unit cannot restore backup as there are more than one unit in the cluster: " +
              (plannedUnits > 1
                ? `${plannedUnits} units are planned.`
                : `one is planned, but Patroni still knows ${members.join(", ")}.`),
            "Remove all units but one (juju remove-unit), restore, and add units again, which join by themselves.",
          ),
  },
  {
    name: "is-leader",
    chart: "Is current unit leader?",
    decide: () => notApplicable("the leader gave this unit the job"),
  },
  {
    name: "is-database-online",
    decide: ({ member, unfinishedRestore }) =>
      (member !== undefined && member.isPrimary && member.state === "running") ||
      // There is nothing left that could be put back.
      unfinishedRestore?.isDiscarded === true
        ? passed
        : fails(
            "database-not-running",
            "PostgreSQL does not run as the primary here, so it could not be put back if the restore failed.",
            "Repair PostgreSQL and Patroni on this unit first, then request the restore again.",
          ),
  },
  {
    name: "was-possible-to-reach-s3",
    decide: ({ probeFailure }) => failsWith(probeFailure),
  },
  {
    name: "is-repository-readable",
    decide: ({ repositoryFailure }) => failsWith(repositoryFailure),
  },
  {
    name: "is-backup-id-valid",
    chart: "Is backup id valid?",
    decide: ({ plan }) => failsWith(plan?.decided === false ? plan.failure : undefined),
  },
  {
    name: "does-system-identifier-fit",
    decide: ({ backupSystemId, listedSystemId }) =>
      backupSystemId === undefined || listedSystemId === undefined || backupSystemId === listedSystemId
        ? passed
        : fails(
            "restore-identifier-differs",
            `The backup is of the database system ${backupSystemId}, and the repository lists it as one of ${listedSystemId}.`,
            "Restore another backup, and find out what else writes to the repository.",
          ),
  },
  { name: "is-backup-whole", decide: ({ files }) => failsWith(rejectFiles(files)) },
  { name: "is-wal-whole", decide: ({ wal, request }) => failsWith(rejectWal(wal, request)) },
  {
    name: "does-version-fit",
    decide: ({ backupVersion, member }) => {
      const running =
        member?.serverVersion === undefined ? undefined : Math.floor(member.serverVersion / 10_000);
      if (backupVersion === undefined || running === undefined || backupVersion === String(running))
        return passed;
      return fails(
        "restore-version-differs",
        `The backup is of PostgreSQL ${backupVersion}, and this unit runs PostgreSQL ${running}.`,
        `Restore to a unit that runs PostgreSQL ${backupVersion}.`,
      );
    },
  },
  {
    name: "can-data-directory-be-moved",
    decide: ({ disk }) => {
      if (disk === undefined) return passed;
      if (disk.isMountPoint || disk.isLink)
        return fails(
          "data-directory-not-movable",
          `The data directory ${disk.dataDirectory} is a ${disk.isLink ? "symbolic link" : "mount point"}, so it ` +
            "cannot be moved aside to keep the present database until the restore has succeeded.",
          "Put the data directory one level below the mount point, then request the restore again.",
        );
      if (disk.walElsewhere !== undefined)
        return fails(
          "wal-outside-data-directory",
          `The WAL of ${disk.dataDirectory} lies in ${disk.walElsewhere}, where it cannot be kept until the restore ` +
            "has succeeded.",
          "Move pg_wal back into the data directory, then request the restore again.",
        );
      return passed;
    },
  },
  {
    name: "is-disk-large-enough",
    decide: ({ disk, plan }) => {
      if (disk === undefined || plan?.decided !== true) return passed;
      const needed = plan.value.backup.databaseBytes + spareBytes;
      const discards = disk.presentBytes !== undefined;
      const room = disk.freeBytes + (disk.presentBytes ?? 0);
      if (room >= needed) return passed;
      return fails(
        "disk-too-small",
        `The restore needs ${describeBytes(needed)} ${discards ? "in place of" : "beside"} the present database, and ` +
          `the file system of ${disk.dataDirectory} has ${describeBytes(room)} ${discards ? "for both" : "left"}.`,
        `Free ${describeBytes(needed - room)} there, or enlarge the file system` +
          (discards ? "." : ", or set discard-old-data to give the present data up."),
      );
    },
  },
];

/** How many names a message has at most. */
const namedAtMost = 3;

function rejectFiles(files: BackupEvidence | undefined): Failure | undefined {
  if (files === undefined || files.wrong.length === 0) return undefined;
  const { needed, wrong } = files;
  return {
    code: "restore-backup-damaged",
    message:
      `Of the ${needed} files that the backup needs in the repository, ${wrong.length} are missing or have another ` +
      `size: ${listed(wrong)}.`,
    remedy: "Restore another backup, make a full one now, and find out who deletes from the bucket.",
  };
}

function rejectWal(wal: WalEvidence | undefined, request: RestoreRequest): Failure | undefined {
  if (wal === undefined || wal.missing.length === 0) return undefined;
  const { first, last, missing, reachesTo } = wal;
  return {
    code: "restore-wal-missing",
    message:
      `The restore replays the WAL from ${first} to ${last}, of which the repository lacks ${missing.length} ` +
      `segments: ${listed(missing)}.`,
    remedy:
      reachesTo === undefined || (request.restoreToTime ?? "") === ""
        ? "Restore another backup, and make a full one now."
        : `Give a restore-to-time before ${rfc3339OfSeconds(reachesTo)}, or restore a backup that was made after the gap.`,
  };
}

function listed(names: readonly string[]): string {
  const more = names.length - namedAtMost;
  return `${names.slice(0, namedAtMost).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Why a request's time cannot be used, without looking at any backup. */
export function rejectTime(text: string | undefined, now: number): Failure | undefined {
  if (text === undefined || text === "" || text === "latest") return undefined;
  const parsed = parseMoment(text);
  switch (parsed.kind) {
    case "invalid":
      return {
        code: "restore-time-invalid",
        message: `Bad restore-to-time format: "${text}" is neither an RFC 3339 time nor latest.`,
        remedy: "Write the time like 2026-01-31T09:30:00Z or 2026-01-31T09:30:00+02:00.",
      };
    case "no-offset":
      return {
        code: "restore-time-without-offset",
        message:
          `The restore-to-time "${text}" has no offset from UTC: it may be ${rfc3339(parsed.asUtc)}, or this ` +
          `machine's local time, which is ${rfc3339(asLocal(parsed.asUtc))}.`,
        remedy: "Add Z for UTC, or an offset such as +02:00.",
      };
    case "moment":
      if (parsed.moment <= now) return undefined;
      return {
        code: "restore-time-in-future",
        message: `The restore-to-time ${rfc3339(parsed.moment)} lies in the future: here it is ${rfc3339(now)}.`,
        remedy: "Give a time that has passed, or latest.",
      };
  }
}

/** What a clock reading is in UTC if this machine's clock shows it. */
function asLocal(reading: number): number {
  const date = new Date(Math.floor(reading / 1000));
  const local = new Date(
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  );
  return local.getTime() * 1000 + (reading - Math.floor(reading / 1_000_000) * 1_000_000);
}
