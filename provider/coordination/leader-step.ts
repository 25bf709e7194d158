/**
 * What the leader does about all requests and grants in one dispatch: decided from plain data.
 *
 * @module
 */
import { isEnd } from "../../lib/job/phase.ts";
import type { JobReport } from "../../lib/job/report.ts";
import type { JobRequest, JobType } from "../../lib/job/request.ts";
import { requestDigest } from "./digest.ts";
import { cancelledBeforeStart, endReport, expired, isOver, journalLost, unitGone } from "./ends.ts";
import {
  actionRelation,
  answers,
  grantId,
  isEnding,
  jobKey,
  noClaim,
  type ApplicationRecord,
  type ClaimPlace,
  type DoneRecord,
  type EndReport,
  type Grant,
  type Role,
  type Ticket,
  type UnitRecord,
} from "./peer-records.ts";
import type { JobPlace, RequestsSeen, SeenRequest } from "./requests-seen.ts";
import { shippedRules, type Rules } from "./rules.ts";
import type { Wait, WaitingJob } from "./wait.ts";

/** What the leader decides from. */
export interface LeaderView {
  /** RFC 3339 in UTC. */
  readonly now: string;
  /** The leader's own unit. */
  readonly unit: string;
  readonly application: ApplicationRecord;
  /** The databags that were read, by unit: the leader's own as it stands after what it did in this dispatch. */
  readonly records: ReadonlyMap<string, UnitRecord>;
  /** The peers that this unit has met, without itself. */
  readonly listed: ReadonlySet<string>;
  /** The units that Juju knows of, this one and those that are being removed included. */
  readonly expected: ReadonlySet<string>;
  readonly requests: RequestsSeen;
  /**
   * What stands in the leader's own databags, by {@link jobKey}, of jobs that its disk does not know: a job that was
   * reported is never run again, though the disk that knew more of it is another one now.
   */
  readonly ownReports: ReadonlyMap<string, JobReport>;
  /** Whether two backups may run at the same time. A restore excludes everything. */
  readonly compatible: (a: JobRequest, b: JobRequest) => boolean;
  /** The roles in which a unit can take a job of a type, the best first. */
  readonly roles: (type: JobType) => readonly Role[];
  /** The grants, by {@link grantId}, whose fence nobody can claim any more. */
  readonly revoked: ReadonlySet<string>;
  /** The greatest fence that the leader's own disk remembers. */
  readonly fenceOnDisk: number;
  /** A lineage for an application that has none. */
  readonly newLineage: string;
}

/** What the leader writes, and what it cannot write yet. */
export interface LeaderPlan {
  readonly application: ApplicationRecord;
  /** The jobs that wait, in their order. */
  readonly waiting: readonly WaitingJob[];
  /** The grants of units that are gone: their fences have to be revoked before they are free. */
  readonly toRevoke: readonly Grant[];
}

/** How many done records are kept whose requests are gone, lest one that a stale write brings back runs again. */
export const keptDoneRecords = 64;
/** How many jobs that cannot be accepted are noted: who sends ever new ones must not fill the databag. */
const keptRejections = 1_000;

/** Of more jobs at once no order of arrival is kept: they take their turns as their databags have them. */
const maxTickets = 1_000;

/** Decides what the leader writes. */
export function decideLeader(view: LeaderView, rules: Rules = shippedRules): LeaderPlan {
  const draft = new Draft(view, rules);
  const toRevoke: Grant[] = [];
  for (const grant of view.application.grants.values()) {
    if (!draft.free(grant) && draft.isLost(grant)) toRevoke.push(grant);
  }
  draft.takeTickets();
  draft.endWithoutRun();
  const waiting = draft.grantWaiting();
  draft.forget();
  return { application: draft.application, waiting, toRevoke };
}

/** The application's record in the making. */
class Draft {
  readonly #view: LeaderView;
  readonly #rules: Rules;
  readonly #tickets: Map<string, Ticket>;
  readonly #grants: Map<string, Grant>;
  readonly #done: Map<string, DoneRecord>;
  readonly #incarnation: string;
  #fence: number;

  constructor(view: LeaderView, rules: Rules) {
    const { application, records, unit } = view;
    this.#view = view;
    this.#rules = rules;
    this.#tickets = new Map(application.tickets);
    this.#grants = new Map(application.grants);
    this.#done = new Map(application.done);
    this.#fence = application.fence;
    this.#incarnation = records.get(unit)?.incarnation ?? "";
  }

  get application(): ApplicationRecord {
    return {
      lineage: this.#lineage,
      fence: this.#fence,
      tickets: this.#tickets,
      grants: this.#grants,
      done: this.#done,
    };
  }

  get #lineage(): string {
    return this.#view.application.lineage ?? this.#view.newLineage;
  }

  /** Takes a grant back that its unit is done with. @returns Whether it was taken back. */
  free(grant: Grant): boolean {
    const record = this.#view.records.get(grant.unit);
    const released = record?.released;
    if (answers(released, grant)) {
      const { outcome, relation, job, by } = released;
      this.#grants.delete(grant.unit);
      // Of an earlier fence nothing is left to say here, and a later one cannot be: a unit has one grant at a time.
      if (
        relation === grant.relation &&
        job === grant.job &&
        isEnding(outcome) &&
        this.#rules.notesEnd(outcome)
      )
        this.#note(grant, outcome, { unit: grant.unit, incarnation: by });
      return true;
    }
    if (record?.left === true && record.incarnation === grant.incarnation) {
      this.#grants.delete(grant.unit);
      return true;
    }
    if (this.#isGone(grant.unit) && this.#rules.isFreed(grant, this.#view.revoked.has(grantId(grant)))) {
      this.#grants.delete(grant.unit);
      this.#noteOwn(grant, grant.type, "lost", unitGone(grant.unit), grant.fence);
      return true;
    }
    return false;
  }

  /** Whether a grant's unit is gone and the store could tell that nobody runs its job. */
  isLost(grant: Grant): boolean {
    return this.#isGone(grant.unit) && grant.claim !== noClaim;
  }

  #isGone(unit: string): boolean {
    const { expected, listed } = this.#view;
    return unit !== this.#view.unit && this.#rules.isGone(unit, expected, listed);
  }

  /** Gives requests that were not seen before their places in the order of arrival. */
  takeTickets(): void {
    let n = 0;
    for (const ticket of this.#tickets.values()) n = Math.max(n, ticket.n);
    for (const seen of this.#undecided()) {
      const { key, relation, application, request } = seen;
      if (this.#tickets.size >= maxTickets) return;
      if (!this.#tickets.has(key)) this.#tickets.set(key, { n: ++n, relation, application, job: request.id });
    }
  }

  /** Ends what needs no unit: what cannot be accepted, was cancelled, or is past its deadline. */
  endWithoutRun(): void {
    const { now, requests } = this.#view;
    const granted = this.#granted();
    let rejections = 0;
    for (const seen of requests.all) {
      const { key, relation, application, rejected, request } = seen;
      const done = this.#done.get(key);
      if (done?.report.phase === "rejected") rejections += 1;
      if (done !== undefined || granted.has(key)) continue;
      const place = { relation, application, job: rejected?.id ?? request?.id ?? "" };
      const reported = this.#view.ownReports.get(key);
      if (reported !== undefined && reported.phase !== "rejected") {
        this.#noteReported(place, reported);
      } else if (rejected !== undefined) {
        rejections += 1;
        if (rejections <= keptRejections) this.#noteOwn(place, rejected.type, "rejected", rejected.failure);
      } else if (request?.cancel === true) {
        this.#noteOwn(place, request.type, "cancelled", cancelledBeforeStart);
      } else if (request !== undefined && isOver(request.startBefore, now)) {
        this.#noteOwn(place, request.type, "expired", expired(request.startBefore));
      }
    }
  }

  /** Grants what can be granted, in the order of arrival. @returns What waits, and why. */
  grantWaiting(): readonly WaitingJob[] {
    const waiting: WaitingJob[] = [];
    const held: SeenJob[] = [];
    const granted: Grant[] = [...this.#grants.values()];
    const undecided = [...this.#undecided()].filter(({ key }) => this.#tickets.has(key));
    const inOrder = undecided.toSorted((a, b) => this.#placeOf(a) - this.#placeOf(b));
    for (const job of inOrder) {
      const wait = this.#waitFor(job, granted, held) ?? this.#grant(job, granted);
      if (wait === undefined) continue;
      waiting.push({ relation: job.relation, application: job.application, request: job.request, wait });
      // Whoever never grants a secret must not stop the queue of all others.
      if (job.keysMissing !== undefined) continue;
      if (this.#rules.holdsUp(job.relation === actionRelation, this.#askerCanTake(job))) held.push(job);
    }
    return waiting;
  }

  #waitFor(job: SeenJob, granted: readonly Grant[], held: readonly SeenJob[]): Wait | undefined {
    if (job.keysMissing !== undefined) return { kind: "for-keys", reason: job.keysMissing };
    for (const grant of granted) {
      const other = this.#view.requests.find(grant.relation, grant.job)?.request;
      if (this.#conflicts(job.request, grant.type, other))
        return { kind: "for-granted", grant, isGone: this.#isGone(grant.unit) };
    }
    const first = held.find((other) => this.#conflicts(job.request, other.request.type, other.request));
    return first === undefined ? undefined : { kind: "for-earlier", job: first };
  }

  /** A granted job whose request is gone cannot be asked about: then the two are kept apart. */
  #conflicts(request: JobRequest, type: JobType, other: JobRequest | undefined): boolean {
    if (request.type === "restore" || type === "restore" || other === undefined) return true;
    return !this.#view.compatible(other, request);
  }

  /** Grants a job to the best unit that can take it. @returns Why none can. */
  #grant(job: SeenJob, granted: Grant[]): Wait | undefined {
    const { records, unit, listed } = this.#view;
    const claim = this.#claim;
    const units = job.relation === actionRelation ? [job.application] : [unit, ...listed];
    const roles = this.#view.roles(job.request.type);
    let best: { readonly unit: string; readonly record: UnitRecord; readonly rank: number } | undefined;
    const refusals: string[] = [];
    for (const name of units) {
      const refusal = this.#grants.has(name) ? "has a job" : this.#refusal(name, roles);
      const record = records.get(name);
      if (refusal !== undefined || record === undefined) {
        refusals.push(`${name}: ${refusal ?? "has said nothing yet"}`);
        continue;
      }
      const { role } = record.standing;
      const rank = role === undefined ? roles.length : roles.indexOf(role);
      if (best === undefined || rank < best.rank) best = { unit: name, record, rank };
    }
    if (best === undefined || claim === undefined) return { kind: "no-unit", refusals };
    this.#fence = this.#rules.nextFence(this.#fence, this.#rememberedFences());
    const grant: Grant = {
      unit: best.unit,
      lineage: this.#lineage,
      fence: this.#fence,
      relation: job.relation,
      application: job.application,
      job: job.request.id,
      type: job.request.type,
      incarnation: best.record.incarnation,
      digest: requestDigest(job.request),
      claim,
    };
    this.#grants.set(grant.unit, grant);
    granted.push(grant);
    return undefined;
  }

  /** Where the leader knows that fences can be claimed. */
  get #claim(): ClaimPlace | undefined {
    return this.#view.records.get(this.#view.unit)?.standing.claim;
  }

  /** Why a unit cannot take a job, be it without one; undefined where it can. */
  #refusal(unit: string, roles: readonly Role[]): string | undefined {
    const { records, expected, listed } = this.#view;
    const record = records.get(unit);
    if (this.#rules.isGone(unit, expected, listed) && unit !== this.#view.unit) return "is gone";
    if (record === undefined || !(unit === this.#view.unit || listed.has(unit)))
      return "has said nothing yet";
    if (record.left) return "is being removed";
    const { ready, role, reason } = record.standing;
    if (!ready) return reason ?? "is not ready";
    if (role !== undefined && !roles.includes(role)) return `is a ${role}`;
    if (record.standing.claim === undefined) return "has not found out yet whether the storage keeps fences";
    if (record.standing.claim !== this.#claim) return "knows another storage than the leader";
    return undefined;
  }

  #rememberedFences(): readonly number[] {
    const fences = [this.#view.fenceOnDisk];
    for (const { fence } of this.#view.application.grants.values()) fences.push(fence);
    for (const { released } of this.#view.records.values()) fences.push(released?.fence ?? 0);
    return fences;
  }

  #askerCanTake({ application, request }: SeenJob): boolean {
    return this.#refusal(application, this.#view.roles(request.type)) === undefined;
  }

  /** Drops the tickets of requests that are gone or decided, and the oldest done records that nobody asks for. */
  forget(): void {
    const { requests } = this.#view;
    for (const [key, ticket] of this.#tickets) if (requests.isGone(ticket)) this.#tickets.delete(key);
    const unasked = [...this.#done].filter(([, { relation, application, report }]) =>
      requests.isGone({ relation, application, job: report.id }),
    );
    const surplus = unasked.toSorted(([, a], [, b]) => a.n - b.n).slice(0, -keptDoneRecords);
    for (const [key] of unasked.length > keptDoneRecords ? surplus : []) this.#done.delete(key);
  }

  /** The requests that could be granted: neither granted nor ended. */
  *#undecided(): Iterable<SeenJob> {
    const granted = this.#granted();
    for (const seen of this.#view.requests.all) {
      if (seen.request !== undefined && !this.#done.has(seen.key) && !granted.has(seen.key)) yield seen;
    }
  }

  /** The jobs that units have. */
  #granted(): ReadonlySet<string> {
    const granted = new Set<string>();
    for (const { relation, job } of this.#grants.values()) granted.add(jobKey(relation, job));
    return granted;
  }

  #placeOf({ key }: SeenJob): number {
    return this.#tickets.get(key)?.n ?? Number.POSITIVE_INFINITY;
  }

  #noteReported(place: JobPlace, reported: JobReport): void {
    const { phase, storage: _storage, compression: _compression, ...known } = reported;
    const by = { unit: this.#view.unit, incarnation: this.#incarnation };
    const report = isEnd(phase)
      ? { ...known, phase }
      : { ...known, ...endReport(reported, "lost", this.#view.now, journalLost, reported.fence) };
    this.#note({ ...place, fence: reported.fence ?? 0 }, report, by);
  }

  #noteOwn(
    place: JobPlace,
    type: JobType,
    phase: "cancelled" | "expired" | "lost" | "rejected",
    failure: EndFailure,
    fence?: number,
  ): void {
    const report = endReport({ id: place.job, type }, phase, this.#view.now, failure, fence);
    this.#note({ ...place, fence: fence ?? 0 }, report, {
      unit: this.#view.unit,
      incarnation: this.#incarnation,
    });
  }

  #note(place: JobPlace & { readonly fence: number }, report: EndReport, by: DoneRecord["by"]): void {
    let n = 0;
    for (const record of this.#done.values()) n = Math.max(n, record.n);
    const { relation, application, job, fence } = place;
    const key = jobKey(relation, job);
    // An end that was noted is what everybody was told.
    if (!this.#done.has(key)) this.#done.set(key, { n: n + 1, relation, application, fence, by, report });
    this.#tickets.delete(key);
  }
}

type SeenJob = Extract<SeenRequest, { readonly request: JobRequest }>;
type EndFailure = Parameters<typeof endReport>[3];
