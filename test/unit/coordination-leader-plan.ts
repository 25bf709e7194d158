/**
 * What a leader decided, and the views it is decided from: for tests.
 *
 * @module
 */
import type { BackupRequest } from "../../lib/job/request.ts";
import { decideLeader, type LeaderPlan, type LeaderView } from "../../provider/coordination/leader-step.ts";
import { jobKey, type Grant, type UnitRecord } from "../../provider/coordination/peer-records.ts";
import { reasonToWait } from "../../provider/coordination/wait.ts";
import {
  applicationOf,
  asking,
  backup,
  grantOf,
  leaderView,
  recordOf,
  relation,
  seeing,
} from "./coordination-views.ts";

export const request: BackupRequest = backup();
export const grant: Grant = grantOf(request, { unit: "db/1", incarnation: "life-1" });
export const key: string = jobKey(relation, "job");

export function records(...said: readonly [string, Partial<UnitRecord>][]): ReadonlyMap<string, UnitRecord> {
  return new Map(said.map(([unit, fields]) => [unit, recordOf(unit, fields)]));
}

/** `db/1` has the grant; its request stands. */
export function granted(fields: Partial<LeaderView> = {}): LeaderView {
  return leaderView({
    application: applicationOf({ grants: [grant] }),
    requests: seeing([asking([request])]),
    ...fields,
  });
}

/** Nothing is granted, and these jobs are asked for. */
export function asked(requests: LeaderView["requests"], fields: Partial<LeaderView> = {}): LeaderPlan {
  return decideLeader(leaderView({ requests, ...fields }));
}

/** Who was granted what: the unit, and the job. */
export function grantsIn({ application }: LeaderPlan): readonly (readonly [string, string])[] {
  return [...application.grants.values()].map(({ unit, job }) => [unit, job]);
}

export function waitsIn({ waiting }: LeaderPlan): Readonly<Record<string, string>> {
  return Object.fromEntries(waiting.map((job) => [job.request.id, reasonToWait(job, relation)]));
}
