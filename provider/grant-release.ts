/**
 * What an admin can do about a grant whose unit went away without a word.
 *
 * @module
 */
import { noClaim, type ApplicationRecord, type ClaimPlace, type Grant } from "./coordination/peer-records.ts";

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
