/**
 * What a unit does about its grant in one dispatch, and what it says of itself: decided from plain data.
 *
 * @module
 */
import { isEnd } from "../../lib/job/phase.ts";
import type { JobRequest, JobType } from "../../lib/job/request.ts";
import type { JournalEntry, JournalState } from "../journal/journal.ts";
import { outcomeOf } from "../journal/journal.ts";
import { requestDigest } from "./digest.ts";
import { cancelledBeforeStart, endReport, expired, isOver, predecessorGone } from "./ends.ts";
import {
  answers,
  grantId,
  isEnding,
  type ApplicationRecord,
  type AskedJob,
  type Grant,
  type Outcome,
  type PublishedStanding,
  type Release,
  type Role,
  type UnitRecord,
} from "./peer-records.ts";
import type { RequestsSeen } from "./requests-seen.ts";
import { shippedRules, type Rules } from "./rules.ts";

/** What a unit decides from. */
export interface UnitView {
  /** RFC 3339 in UTC. */
  readonly now: string;
  readonly unit: string;
  /** The life of the unit that decides. */
  readonly incarnation: string;
  /** What the leader wrote. */
  readonly application: ApplicationRecord;
  /** What stands in the unit's own databag: it may be of an earlier life. */
  readonly own: UnitRecord | undefined;
  /** What the unit's disk remembers, of earlier lives of the unit too. */
  readonly journal: JournalState;
  /** The grants, by {@link grantId}, whose process lives. */
  readonly running: ReadonlySet<string>;
  /** Those of them whose process another one is ending. */
  readonly stopping: ReadonlySet<string>;
  readonly requests: RequestsSeen;
  readonly standing: PublishedStanding;
  /** The roles in which a unit can take a job of a type. */
  readonly roles: (type: JobType) => readonly Role[];
  /** This unit is being removed. */
  readonly leaving: boolean;
  /** The grants, by {@link grantId}, whose fence nobody can claim any more. */
  readonly revoked: ReadonlySet<string>;
}

/** What a unit does. */
export type UnitAction =
  | { readonly kind: "rest" }
  /** A grant to an earlier life of the unit stands in the way, and nothing tells what became of it. */
  | { readonly kind: "blocked"; readonly by: Grant }
  /** Notes an outcome in the journal and lets go of the grant. */
  | { readonly kind: "answer"; readonly grant: Grant; readonly type: JobType; readonly outcome: Outcome }
  | { readonly kind: "start"; readonly grant: Grant; readonly request: JobRequest }
  /** Cleans up after a process that is gone. */
  | { readonly kind: "recover"; readonly entry: JournalEntry }
  /** Passes a cancel on to the process. */
  | { readonly kind: "cancel"; readonly entry: JournalEntry }
  /** Stops the process, or cleans up after it, before this hook ends: the unit leaves. */
  | { readonly kind: "stop"; readonly entry: JournalEntry };

/** Decides what a unit does. */
export function decideUnit(view: UnitView, rules: Rules = shippedRules): UnitAction {
  if (rules.isSilent(view.own, view.incarnation)) return { kind: "rest" };
  const open = openEntry(view);
  if (open !== undefined) return decideOpen(open, view);
  const grant = view.application.grants.get(view.unit);
  if (grant === undefined || answers(view.own?.released, grant)) return { kind: "rest" };
  if (entryOf(view.journal, grant) !== undefined) return { kind: "rest" };
  return rules.isForMe(grant, view.incarnation)
    ? decideGrant(grant, view, rules)
    : decidePredecessors(grant, view);
}

/** The job that the journal says is under way; at most one is. */
function openEntry({ journal }: UnitView): JournalEntry | undefined {
  for (const entry of journal.entries.values()) {
    if (entry.answer === undefined && !isEnd(entry.progress.phase)) return entry;
  }
  return undefined;
}

function decideOpen(entry: JournalEntry, view: UnitView): UnitAction {
  const lives = view.running.has(grantId(entry));
  if (view.leaving) return { kind: "stop", entry };
  if (!lives) return { kind: "recover", entry };
  if (entry.pastNoReturn || view.stopping.has(grantId(entry))) return { kind: "rest" };
  const request = view.requests.find(entry.relation, entry.job)?.request;
  // Whoever was to end the process may have died over it.
  return entry.cancelAsked || request?.cancel === true ? { kind: "cancel", entry } : { kind: "rest" };
}

function decideGrant(grant: Grant, view: UnitView, rules: Rules): UnitAction {
  const answer = (outcome: Outcome): UnitAction => ({ kind: "answer", grant, type: grant.type, outcome });
  const { requests, standing, now } = view;
  const job = { id: grant.job, type: grant.type };
  const seen = requests.find(grant.relation, grant.job);
  if (seen === undefined && !requests.isGone(grant)) {
    // The relation is on its way to this unit, or its databag could not be read in full.
    return view.leaving ? answer("declined") : { kind: "rest" };
  }
  const request = seen?.request;
  if (request !== undefined && requestDigest(request) !== grant.digest) return answer("declined");
  const ended = endedUnderAnotherFence(grant, view.journal);
  if (ended !== undefined) return answer(ended);
  // Edited into one that cannot be accepted: what was granted does not stand any more.
  if (seen !== undefined && request === undefined) return answer("declined");
  if (request === undefined) return answer("withdrawn");
  if (request.cancel === true)
    return answer(endReport(job, "cancelled", now, cancelledBeforeStart, grant.fence));
  if (isOver(request.startBefore, now)) {
    return answer(endReport(job, "expired", now, expired(request.startBefore), grant.fence));
  }
  // The leader could read them: what was granted to the application comes to each of its units.
  if (seen?.keysMissing !== undefined && !view.leaving) return { kind: "rest" };
  const fits =
    standing.ready &&
    !view.leaving &&
    rules.fitsClaim(grant, standing.claim) &&
    (standing.role === undefined || view.roles(grant.type).includes(standing.role));
  if (fits) return { kind: "start", grant, request };
  return rules.declines() ? answer("declined") : { kind: "rest" };
}

/** A grant to the unit that bore this name before. */
function decidePredecessors(grant: Grant, view: UnitView): UnitAction {
  const { own, unit, now } = view;
  const job = { id: grant.job, type: grant.type };
  const answer = (outcome: Outcome): UnitAction => ({ kind: "answer", grant, type: grant.type, outcome });
  if (own?.left === true && own.incarnation === grant.incarnation) return answer("declined");
  if (view.revoked.has(grantId(grant))) {
    return answer(endReport(job, "lost", now, predecessorGone(unit), grant.fence));
  }
  return { kind: "blocked", by: grant };
}

function endedUnderAnotherFence(grant: Grant, journal: JournalState): Outcome | undefined {
  for (const entry of journal.entries.values()) {
    if (entry.lineage !== grant.lineage || entry.relation !== grant.relation || entry.job !== grant.job)
      continue;
    const outcome = outcomeOf(entry);
    if (entry.fence !== grant.fence && outcome !== undefined && isEnding(outcome)) return outcome;
  }
  return undefined;
}

/** What a journal says of a grant: not every entry of its number is, as one of another job is not. */
export function entryOf(journal: JournalState, grant: Grant): JournalEntry | undefined {
  const entry = journal.entries.get(grantId(grant));
  return entry?.relation === grant.relation && entry.job === grant.job ? entry : undefined;
}

/** What a unit says of itself once it has done what it decided: the view is that of after. */
export function unitRecord(view: UnitView, asked: readonly AskedJob[], rules: Rules): UnitRecord {
  const { incarnation, own, journal, leaving, standing } = view;
  if (own !== undefined && rules.isSilent(own, incarnation)) return own;
  const grant = view.application.grants.get(view.unit);
  const release = grant === undefined ? undefined : releaseOf(grant, view);
  const isOwn = own?.incarnation === incarnation;
  const before = isOwn || rules.carriesOver() ? own?.released : undefined;
  const released = newest(before, release);
  const open = [...journal.entries.values()].some((entry) => outcomeOf(entry) === undefined);
  return {
    incarnation,
    standing,
    left: leaving && !open,
    ...(released === undefined ? {} : { released }),
    asked,
  };
}

function releaseOf(grant: Grant, { journal, incarnation }: UnitView): Release | undefined {
  const entry = entryOf(journal, grant);
  const outcome = entry === undefined ? undefined : outcomeOf(entry);
  if (outcome === undefined) return undefined;
  const { fence, relation, job } = grant;
  return { fence, relation, job, by: incarnation, outcome };
}

function newest(before: Release | undefined, now: Release | undefined): Release | undefined {
  return now === undefined || (before !== undefined && before.fence >= now.fence) ? before : now;
}
