/**
 * What the units of an application tell each other about jobs, in the databags of a peer relation of their own.
 *
 * A unit writes its own databag, the leader the application's, and each is read by all.
 *
 * @module
 */
import type { EndPhase } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { BackupRequest, JobType, RestoreRequest } from "../../lib/job/request.ts";

/** What a unit does in its database cluster. */
export type Role = "primary" | "replica";

/** Where fences are claimed: the id of a storage, or nowhere. */
export type ClaimPlace = string;
/** The place of a claim that is not made: only an admin can free what was granted without one. */
export const noClaim: ClaimPlace = "none";

/** What a unit says of itself: whether it can take a job. */
export interface PublishedStanding {
  readonly ready: boolean;
  readonly role?: Role;
  /** Why it is not ready, in words for the admin. */
  readonly reason?: string;
  /** What is wrong although it is ready, in words for the admin. */
  readonly problem?: string;
  /** Where this unit can claim a fence. Absent until it has found out. */
  readonly claim?: ClaimPlace;
  /** It is not ready because it has something to finish first, whatever its database says. Default: that is not why. */
  readonly busy?: true;
}

/** A report without what can be read from its request. */
type ReportEssence = Omit<JobReport, "storage" | "compression">;
/** How a job ended. */
export type EndReport = ReportEssence & { readonly phase: EndPhase };

/**
 * What a unit makes of a grant: an end of the job; `declined`, when it could not take it; `withdrawn`, when the request
 * was gone. After the last two the job has not ended.
 */
export type Outcome = EndReport | "declined" | "withdrawn";

/** A unit's word that it is done with a grant, and with every grant before. */
export interface Release {
  readonly fence: number;
  readonly relation: string;
  readonly job: string;
  /** The incarnation that says so. */
  readonly by: string;
  readonly outcome: Outcome;
}

type WithoutStorage<Request> = Omit<Request, "storage">;
/** A job that the charm's own action asks for. Its storage is the cluster's archive storage. */
export type AskedJob = WithoutStorage<BackupRequest> | WithoutStorage<RestoreRequest>;

/** What a unit writes in its own databag. */
export interface UnitRecord {
  /** The life of the unit that writes this. */
  readonly incarnation: string;
  readonly standing: PublishedStanding;
  /** The unit is going away and will do nothing more. */
  readonly left: boolean;
  readonly released?: Release;
  readonly asked: readonly AskedJob[];
}

/** A job's place in the order of arrival. */
export interface Ticket {
  readonly n: number;
  readonly relation: string;
  /** The remote application, or the unit whose action asks. */
  readonly application: string;
  readonly job: string;
}

/** The leader's permission for one unit to run one job. */
export interface Grant {
  readonly unit: string;
  readonly lineage: string;
  readonly fence: number;
  readonly relation: string;
  readonly application: string;
  readonly job: string;
  readonly type: JobType;
  /** The life of the unit that it is meant for. */
  readonly incarnation: string;
  /** Of the request as it stood. */
  readonly digest: string;
  readonly claim: ClaimPlace;
}

/** The leader's note of how a job ended. */
export interface DoneRecord {
  /** Counts the notes, so that the oldest can be told. */
  readonly n: number;
  readonly relation: string;
  readonly application: string;
  /** 0 where the job was never granted. */
  readonly fence: number;
  readonly by: { readonly unit: string; readonly incarnation: string };
  readonly report: EndReport;
}

/** What the leader writes in the application's databag. */
export interface ApplicationRecord {
  /** Made with the databag; tells it from one of an earlier life of the application. Absent before the first write. */
  readonly lineage?: string;
  /** The last fence given. */
  readonly fence: number;
  /** By {@link jobKey}. */
  readonly tickets: ReadonlyMap<string, Ticket>;
  /** By unit. */
  readonly grants: ReadonlyMap<string, Grant>;
  /** By {@link jobKey}. */
  readonly done: ReadonlyMap<string, DoneRecord>;
}

/** The relation of jobs that the charm's own actions ask for. */
export const actionRelation = "action";

/** Names a job within an application: two relations may use the same job id. */
export function jobKey(relation: string, job: string): string {
  return `${relation} ${job}`;
}

/** Names a grant within everything that a unit's disk may remember: fences begin anew with each lineage. */
export function grantId(grant: { readonly lineage: string; readonly fence: number }): string {
  return `${grant.lineage}-${grant.fence}`;
}

/** Whether a unit's word answers a grant. */
export function answers(released: Release | undefined, grant: Grant): released is Release {
  return released !== undefined && released.fence >= grant.fence;
}

/** Whether an outcome is an end of the job. */
export function isEnding(outcome: Outcome): outcome is EndReport {
  return typeof outcome === "object";
}

/** An application of which nothing was written yet. */
export const emptyApplication: ApplicationRecord = {
  fence: 0,
  tickets: new Map(),
  grants: new Map(),
  done: new Map(),
};
