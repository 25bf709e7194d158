/**
 * What is kept when old backups are expired, where several managers have a say. Pure.
 *
 * @module
 */
import type { JobRequest, Retention } from "../lib/job/request.ts";
import type { RejectedRequest } from "../lib/wire/requests.ts";
import type { RelationRequests } from "./coordination/requests-seen.ts";

type ManagerRequests = Pick<RelationRequests, "requests" | "rejected" | "problems">;

/** What all managers together want to be kept. */
export type AgreedRetention =
  | { readonly kind: "keep-all" }
  | { readonly kind: "keep"; readonly retention: Retention }
  /** Some count backups and some count days: nobody can say which is more. */
  | { readonly kind: "mixed" };

/**
 * What may be expired is what nobody wants: the largest retention that a manager names counts, be it in a request for a
 * backup that is open or, where none is, in its last one. A manager that names none, or has asked for no backup, or whose
 * requests cannot all be read, wants everything to be kept.
 *
 * @param relations The requests of each related manager.
 */
export function agreedRetention(relations: readonly ManagerRequests[]): AgreedRetention {
  const wishes = relations.flatMap(wishesOf);
  if (wishes.length === 0 || wishes.includes(undefined)) return { kind: "keep-all" };
  const counts = wishes.flatMap((wish) => (wish !== undefined && "full" in wish ? [wish.full] : []));
  const days = wishes.flatMap((wish) => (wish !== undefined && "days" in wish ? [wish.days] : []));
  if (counts.length > 0 && days.length > 0) return { kind: "mixed" };
  if (counts.length > 0) return { kind: "keep", retention: { full: Math.max(...counts) } };
  return { kind: "keep", retention: { days: Math.max(...days) } };
}

/** What a manager wants; undefined stands for everything. */
function wishesOf({ requests, rejected, problems }: ManagerRequests): readonly (Retention | undefined)[] {
  const isReadWhole = problems.length === 0 && rejected.every(isEnded);
  const open = requests.filter(({ type }) => type === "backup");
  const asked = open.length > 0 ? open : rejected.filter(({ type }) => type === "backup");
  return isReadWhole && asked.length > 0 ? asked.map(({ retention }) => retention) : [undefined];
}

/** Whether a request is one whose job has ended: it has no keys any more, and cannot be run. */
function isEnded({ failure }: RejectedRequest): boolean {
  return failure.code === "credentials-missing";
}

/** A request as the unit runs it: with what all managers agree on, not with what its own alone wants. */
export function withAgreedRetention(request: JobRequest, agreed: AgreedRetention): JobRequest {
  const { retention: _, ...rest } = request;
  return request.type === "backup" && agreed.kind === "keep"
    ? { ...rest, retention: agreed.retention }
    : rest;
}

/** What the log says where managers do not agree. */
export const mixedRetention: string =
  "No old backups are expired: some managers keep a number of them, others those of some days. " +
  "Have all of them give keep-full, or all keep-days.";
