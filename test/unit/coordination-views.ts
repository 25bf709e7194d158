/**
 * What the tests of the protocol between units start from: views in which nothing is the matter.
 */
import type { BackupRequest, JobRequest, RestoreRequest } from "../../lib/job/request.ts";
import { Credentials } from "../../lib/job/storage-config.ts";
import { requestDigest } from "../../provider/coordination/digest.ts";
import type { LeaderView } from "../../provider/coordination/leader-step.ts";
import {
  emptyApplication,
  grantId,
  jobKey,
  type ApplicationRecord,
  type DoneRecord,
  type EndReport,
  type Grant,
  type Outcome,
  type Release,
  type UnitRecord,
} from "../../provider/coordination/peer-records.ts";
import {
  RequestsSeen,
  type RelationRequests,
  type SeenRelations,
} from "../../provider/coordination/requests-seen.ts";
import type { UnitView } from "../../provider/coordination/unit-step.ts";
import { foldJournal, type JournalRecord, type JournalState } from "../../provider/journal/journal.ts";

/** The time at which everything is decided. */
export const now = "2026-03-01T10:00:00Z";
/** The application's life. */
export const lineage = "line";
/** The relation of the one manager. */
export const relation = "database-backup:1";
/** The storage in which fences are claimed. */
export const place = "storage-1";

const storage = { bucket: "b", credentials: new Credentials("k", "s") };

/** A request for a backup. */
export function backup(id: string = "job", fields: Partial<BackupRequest> = {}): BackupRequest {
  return { id, type: "backup", backupType: "full", compression: true, storage, ...fields };
}

/** A request for a restore. */
export function restore(id: string = "job", fields: Partial<RestoreRequest> = {}): RestoreRequest {
  return { id, type: "restore", artefactPath: "/x/", compression: true, storage, ...fields };
}

/** What one relation asks for. */
export function asking(
  requests: readonly JobRequest[],
  fields: Partial<RelationRequests> = {},
): RelationRequests {
  return { relation, application: "manager", requests, rejected: [], problems: [], ...fields };
}

/** What a dispatch saw that missed nothing. */
export function seeing(
  relations: readonly RelationRequests[],
  fields: Partial<SeenRelations> = {},
): RequestsSeen {
  return new RequestsSeen({
    relations,
    expected: new Set(relations.map(({ application }) => application)),
    askers: { read: new Set(["db/0", "db/1", "db/2"]), expected: new Set(["db/0", "db/1", "db/2"]) },
    ...fields,
  });
}

/** The grant of a request to `db/0` in its life `life-0`. */
export function grantOf(request: JobRequest, fields: Partial<Grant> = {}): Grant {
  return {
    unit: "db/0",
    lineage,
    fence: 5,
    relation,
    application: "manager",
    job: request.id,
    type: request.type,
    incarnation: "life-0",
    digest: requestDigest(request),
    claim: place,
    ...fields,
  };
}

/** What a unit says of itself that is ready for everything. */
export function recordOf(unit: string, fields: Partial<UnitRecord> = {}): UnitRecord {
  return {
    incarnation: unit.replace("db/", "life-"),
    standing: { ready: true, role: "primary", claim: place },
    left: false,
    asked: [],
    ...fields,
  };
}

/** A unit's last word on a grant. */
export function releaseOf(grant: Grant, outcome: Outcome, by: string = grant.incarnation): Release {
  const { fence, relation: of, job } = grant;
  return { fence, relation: of, job, by, outcome };
}

/** How a job ended. */
export function endOf(id: string, phase: EndReport["phase"] = "succeeded", fence?: number): EndReport {
  return { id, type: "backup", phase, ...(fence === undefined ? {} : { fence }) };
}

/** The leader's note of an end. */
export function doneOf(id: string, n: number, fields: Partial<DoneRecord> = {}): DoneRecord {
  const by = { unit: "db/0", incarnation: "life-0" };
  return { n, relation, application: "manager", fence: n, by, report: endOf(id), ...fields };
}

/** What a leader wrote. */
export function applicationOf({
  grants = [],
  done = [],
  fence,
}: {
  readonly grants?: readonly Grant[];
  readonly done?: readonly DoneRecord[];
  readonly fence?: number;
} = {}): ApplicationRecord {
  return {
    ...emptyApplication,
    lineage,
    fence: fence ?? Math.max(0, ...grants.map((grant) => grant.fence), ...done.map((record) => record.fence)),
    grants: new Map(grants.map((grant) => [grant.unit, grant])),
    done: new Map(done.map((record) => [jobKey(record.relation, record.report.id), record])),
  };
}

/** A journal in which grants were taken up, and then came what else is given. */
export function journalOf(
  started: readonly { readonly grant: Grant; readonly request: JobRequest }[],
  records: readonly JournalRecord[] = [],
): JournalState {
  return foldJournal([
    { record: "incarnation", incarnation: "life-0" },
    ...started.map(({ grant, request }): JournalRecord => {
      const { lineage: of, fence, relation: from } = grant;
      return { record: "started", lineage: of, fence, relation: from, request };
    }),
    ...records,
  ]);
}

/** A record that a grant's job has ended. */
export function endedAs(grant: Grant, phase: EndReport["phase"]): JournalRecord {
  return { record: "progress", lineage: grant.lineage, fence: grant.fence, progress: { phase } };
}

/** What `db/0` sees that was granted nothing. */
export function unitView(fields: Partial<UnitView> = {}): UnitView {
  return {
    now,
    unit: "db/0",
    incarnation: "life-0",
    application: applicationOf(),
    own: recordOf("db/0"),
    journal: journalOf([]),
    running: new Set(),
    stopping: new Set(),
    requests: seeing([]),
    standing: { ready: true, role: "primary", claim: place },
    roles: rolesOf,
    leaving: false,
    revoked: new Set(),
    ...fields,
  };
}

/** What `db/0` sees as the leader of three units that are all ready, and have nothing to do. */
export function leaderView(fields: Partial<LeaderView> = {}): LeaderView {
  return {
    now,
    unit: "db/0",
    application: applicationOf(),
    records: new Map(["db/0", "db/1", "db/2"].map((unit) => [unit, recordOf(unit)])),
    listed: new Set(["db/1", "db/2"]),
    expected: new Set(["db/0", "db/1", "db/2"]),
    requests: seeing([]),
    ownReports: new Map(),
    compatible: () => false,
    roles: rolesOf,
    revoked: new Set(),
    fenceOnDisk: 0,
    newLineage: "fresh",
    ...fields,
  };
}

/** The sets of grants that views have. */
export function grantsOf(...grants: readonly Grant[]): ReadonlySet<string> {
  return new Set(grants.map(grantId));
}

function rolesOf(type: JobRequest["type"]): readonly ("primary" | "replica")[] {
  return type === "backup" ? ["replica", "primary"] : ["primary"];
}
