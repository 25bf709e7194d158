/**
 * The decisions and deeds that make a related storage the one that this cluster archives to: those of the flowchart
 * s3-credentials-changed in its order, with the texts of Canonical's charms, and ours among them. Pure.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import type { MemberState } from "../patroni/patroni.ts";
import {
  deferred,
  notApplicable,
  passed,
  returned,
  walkBoxes,
  type Decision,
  type Deed,
  type WalkEnd,
} from "./chart.ts";

/** What is known before anything is done. */
export interface S3CredentialsFacts {
  /** What this unit's Patroni says; undefined where it does not answer. */
  readonly member: MemberState | undefined;
  /** Whether a backup or a restore runs on this unit. */
  readonly isJobUnderWay: boolean;
  /** Whether a restore was neither finished nor undone. */
  readonly isRestoreUnfinished: boolean;
  readonly isRelated: boolean;
  /** The required fields of the storage that are missing. */
  readonly missing: readonly string[];
  /** Why its fields cannot be used; undefined where they can. */
  readonly settingsFailure: Failure | undefined;
  readonly isLeader: boolean;
  /** Whether the leader has asked for the storage that this unit sees. */
  readonly isAskedFor: boolean;
  /** Whether this cluster archives to just that storage, with just those keys, and it was proven. */
  readonly isSettled: boolean;
  /** Whether the primary says that its WAL reaches that storage. */
  readonly isProvenByPrimary: boolean;
}

/** What is done. Each deed says why it failed. */
export interface ArchivingPort {
  /** Proves that the bucket can be read with the keys. */
  probe(): Promise<Failure | undefined>;
  /** Proves that what the repository holds is this cluster's. */
  checkOwner(): Promise<Failure | undefined>;
  initialiseStanza(): Promise<Failure | undefined>;
  /** Takes over, on a replica, the settings that WAL is archived with, for the day on which it is promoted. */
  followPrimary(): Promise<Failure | undefined>;
  /** Replaces the settings that WAL is archived with. */
  updateSettings(): Promise<Failure | undefined>;
  /** Proves that WAL reaches the repository. */
  proveArchiving(): Promise<Failure | undefined>;
}

/** A box of the flowchart: a decision, or a deed, whose failure blocks. */
export type ChartBox =
  | Decision<S3CredentialsFacts>
  | (Deed<ArchivingPort> & {
      /** The members that do it. */
      readonly by: "primary" | "replica" | "every member";
    });

/** The boxes, in order. */
export const s3CredentialsChart: readonly ChartBox[] = [
  {
    name: "has-cluster-initialised",
    chart: "Has cluster initialised?",
    decide: ({ member }) =>
      member?.locked === true && /^(running|streaming)$/.test(member.state)
        ? passed
        : deferred("the cluster has no leader, or PostgreSQL does not run here"),
  },
  {
    name: "is-job-under-way",
    decide: ({ isJobUnderWay }) =>
      isJobUnderWay ? deferred("a backup or a restore is under way on this unit") : passed,
  },
  {
    name: "is-earlier-restore-finished",
    decide: ({ isRestoreUnfinished }) =>
      isRestoreUnfinished ? deferred("a restore was neither finished nor undone") : passed,
  },
  {
    name: "are-all-required-settings-provided",
    chart: "Are all required S3 settings provided?",
    decide: ({ isRelated, missing }) => {
      if (!isRelated) return returned("no storage is related");
      return missing.length === 0 ? passed : returned(`the storage does not say ${missing.join(", ")}`);
    },
  },
  {
    name: "can-settings-be-used",
    decide: ({ settingsFailure }) =>
      settingsFailure === undefined ? passed : { kind: "blocked", failure: settingsFailure },
  },
  {
    name: "is-leader",
    chart: "Is current unit leader?",
    decide: ({ isLeader, isAskedFor }) =>
      isLeader || isAskedFor ? passed : deferred("the leader has not asked for this storage yet"),
  },
  {
    name: "is-primary",
    decide: ({ member, isProvenByPrimary }) =>
      member?.isPrimary === true || isProvenByPrimary
        ? passed
        : deferred("the primary does it, and has not done so yet"),
  },
  {
    name: "is-blocked",
    chart: "Is unit in blocked state?",
    decide: notApplicable("a Blocked of our own is decided anew, and no other one is in the way"),
  },
  {
    name: "is-settled-already",
    decide: ({ isSettled }) => (isSettled ? returned("WAL reaches this storage already") : passed),
  },
  {
    name: "can-storage-be-reached",
    perform: async (port) => port.probe(),
    failed: "failed to access/create the bucket, check your S3 settings",
    by: "every member",
  },
  {
    name: "follow-primary",
    perform: async (port) => port.followPrimary(),
    failed: "failed to update the backup settings",
    by: "replica",
  },
  {
    name: "is-repository-of-this-cluster",
    perform: async (port) => port.checkOwner(),
    failed: "the S3 repository cannot be used",
    by: "primary",
  },
  {
    name: "could-initialise-stanza",
    chart: "Could initialise pgBackRest Stanza?",
    perform: async (port) => port.initialiseStanza(),
    failed: "failed to initialize stanza, check your S3 settings",
    by: "primary",
  },
  {
    name: "update-backup-settings",
    chart: "Update backup settings",
    perform: async (port) => port.updateSettings(),
    failed: "failed to update the backup settings",
    by: "primary",
  },
  {
    name: "is-wal-archiving-to-s3-working",
    chart: "Is WAL archiving to S3 working?",
    perform: async (port) => port.proveArchiving(),
    failed: "WAL does not reach the S3 repository, check your S3 settings",
    by: "primary",
  },
  {
    name: "is-tls-disabled-or-single-unit-cluster",
    chart: "Is TLS disabled or single unit cluster",
    decide: notApplicable("the chart of the TLS server decides it, before and after"),
  },
  {
    name: "is-replica-and-tls-server-not-running-on-primary",
    chart: "Is current unit a replica and TLS server isn't running on primary?",
    decide: notApplicable("the chart of the TLS server decides it, before and after"),
  },
];

/** Where the walk through the chart ended: settled, the cluster archives there, and it is proven. */
export type ChartEnd = Exclude<WalkEnd, { kind: "failed" }>;

/**
 * Walks through the chart, up to the first box that does not let it go on.
 *
 * @param port Called where something is to be done.
 * @param note Called with the name of each box that is for this member.
 */
export async function walkChart(
  facts: S3CredentialsFacts,
  port: () => ArchivingPort,
  note: (name: string) => void = () => undefined,
): Promise<ChartEnd> {
  const self = facts.member?.isPrimary === true ? "primary" : "replica";
  const boxes = s3CredentialsChart.filter(
    (box) => !("by" in box) || box.by === "every member" || box.by === self,
  );
  const end = await walkBoxes(boxes, facts, port, note);
  return end.kind === "failed" ? { ...end, kind: "blocked" } : end;
}
