/**
 * What an admin can do about a grant whose unit went away without a word.
 *
 * @module
 */
import {
  jobKey,
  noClaim,
  type ApplicationRecord,
  type ClaimPlace,
  type DoneRecord,
  type Grant,
} from "./coordination/peer-records.ts";
import { endReport, predecessorGone, unitGone } from "./coordination/ends.ts";
import type { JournalRecord } from "./journal/journal.ts";
import { RequestError } from "../lib/errors.ts";
import { shownId } from "../lib/printable.ts";

/** Where a grant stands that an admin asks about. */
export type ReleaseDecision =
  /** There is no such grant. */
  | { readonly kind: "unknown"; readonly grants: readonly Grant[] }
  /** It is not for this unit to say. */
  | { readonly kind: "elsewhere"; readonly grant: Grant; readonly where: string }
  /** Its unit is there, and works on it. */
  | { readonly kind: "held"; readonly grant: Grant }
  /** It would be freed. */
  | { readonly kind: "shown"; readonly grant: Grant }
  /** The store may still say that nobody holds it. */
  | { readonly kind: "revoke"; readonly grant: Grant }
  /** The job is lost, and the grant is free. */
  | { readonly kind: "free"; readonly grant: Grant; readonly as: "leader" | "unit" };

/** What an admin is told about a grant. */
export interface GrantRelease {
  /** It would be given up with a confirmation; the storage is being asked; its job has ended as lost. */
  readonly state: "shown" | "revoking" | "released";
  readonly grant: Grant;
  /** What it is, and what to do next. */
  readonly message: string;
}

/** What it is decided from. */
export interface ReleaseView {
  readonly unit: string;
  readonly incarnation: string;
  readonly isLeader: boolean;
  readonly application: ApplicationRecord;
  readonly isGone: (unit: string) => boolean;
  readonly fence: number;
  /** The unit whose machine is off, as the admin confirms it. */
  readonly confirm: string | undefined;
  /** What came of revoking the fence; undefined where nothing did yet. */
  readonly revoked: boolean | undefined;
  /** Where this unit could revoke it. */
  readonly claim: ClaimPlace;
}

/** Decides what becomes of a grant. */
export function decideRelease(view: ReleaseView): ReleaseDecision {
  const grants = [...view.application.grants.values()];
  const grant = grants.find(({ fence }) => fence === view.fence);
  if (grant === undefined) return { kind: "unknown", grants };
  const isMine = grant.unit === view.unit;
  if (isMine && grant.incarnation === view.incarnation) return { kind: "held", grant };
  if (!isMine && !view.isGone(grant.unit)) return { kind: "elsewhere", grant, where: grant.unit };
  if (!isMine && !view.isLeader) return { kind: "elsewhere", grant, where: "the leader" };
  if (view.confirm !== grant.unit) return { kind: "shown", grant };
  if (grant.claim !== noClaim && grant.claim === view.claim && view.revoked === undefined) {
    return { kind: "revoke", grant };
  }
  return { kind: "free", grant, as: isMine ? "unit" : "leader" };
}

/** What the leader writes to give a grant up. */
export function freeAsLeader(
  application: ApplicationRecord,
  grant: Grant,
  by: DoneRecord["by"],
  now: string,
): ApplicationRecord {
  const grants = new Map(application.grants);
  grants.delete(grant.unit);
  const { relation, application: asker, job, type, fence } = grant;
  let n = 0;
  for (const record of application.done.values()) n = Math.max(n, record.n);
  const report = endReport({ id: job, type }, "lost", now, unitGone(grant.unit), fence);
  const done = new Map(application.done);
  done.set(jobKey(relation, job), { n: n + 1, relation, application: asker, fence, by, report });
  return { ...application, grants, done };
}

/** What a unit notes to give up a grant to the unit that bore its name before. */
export function freeAsUnit(grant: Grant, now: string): JournalRecord {
  const { lineage, fence, relation, job, type, unit } = grant;
  const outcome = endReport({ id: job, type }, "lost", now, predecessorGone(unit), fence);
  return { record: "answered", lineage, fence, relation, job, type, outcome };
}

/** Says what was found and done. */
export function describeRelease(
  decision: Extract<ReleaseDecision, { kind: "shown" | "revoke" | "free" }>,
): GrantRelease {
  const { grant } = decision;
  const what = nameOf(grant);
  switch (decision.kind) {
    case "shown":
      return {
        state: "shown",
        grant,
        message: `${what} is held by ${grant.unit}, which is gone. If its machine is off, give the grant up with confirm=${grant.unit}: the job then ends as lost.`,
      };
    case "revoke":
      return {
        state: "revoking",
        grant,
        message: `The storage is being asked whether ${grant.unit} has begun ${what}. Run this again in a minute.`,
      };
    case "free":
      return { state: "released", grant, message: `${what} has ended as lost. What waited for it goes on.` };
  }
}

/** Why nothing was given up. */
export function refusal(
  decision:
    | Extract<ReleaseDecision, { kind: "unknown" | "elsewhere" | "held" }>
    | { readonly kind: "alive"; readonly grant: Grant },
  fence: number,
): RequestError {
  switch (decision.kind) {
    case "unknown": {
      const known = decision.grants.map((grant) => `${grant.fence} (${grant.unit})`).join(", ");
      return new RequestError("grant-unknown", `There is no grant with the fence ${fence}.`, {
        remedy:
          known === ""
            ? "No unit has a grant: nothing needs to be done."
            : `Name one of those that there are: ${known}.`,
      });
    }
    case "elsewhere":
      return new RequestError(
        "grant-elsewhere",
        `${nameOf(decision.grant)} cannot be given up on this unit.`,
        {
          remedy: `Run this on ${decision.where}.`,
        },
      );
    case "held":
      return new RequestError(
        "grant-held",
        `${nameOf(decision.grant)} is held by this very unit, which is there.`,
        {
          remedy: "Wait for the job's end, or cancel it.",
        },
      );
    case "alive":
      return new RequestError("grant-held", `${nameOf(decision.grant)} is still at work in the database.`, {
        remedy: "Wait for its end, or stop it on the machine where it runs, then run this again.",
      });
  }
}

function nameOf({ type, job, fence }: Grant): string {
  return `The ${type} job ${shownId(job)}, fence ${fence},`;
}
