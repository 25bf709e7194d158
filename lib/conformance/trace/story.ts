/**
 * A trace told by its jobs: when each was requested, reported and run.
 *
 * Everything has the span of the trace in which it held, as indexes of entries.
 *
 * @module
 */
import { isObject, readList } from "../../wire/list-value.ts";
import { validateRequirerJob } from "../../wire/generated/validators.js";
import { stringAt } from "./field.ts";
import type { CallState, Party, Trace } from "./trace.ts";

/** From which entry on something held, and up to which. */
export interface Span {
  readonly from: number;
  /** The first entry at which it held no longer; absent where it held to the end. */
  readonly to?: number;
}

/** Whether something held at an entry. */
export function holdsAt(span: Span, index: number): boolean {
  return span.from <= index && (span.to === undefined || span.to > index);
}

/** A job as a request or a report has it, for as long as it stood so. */
export interface Stated extends Span {
  /** Whose databag it stood in: a unit, or an application. */
  readonly owner: string;
  readonly job: Readonly<Record<string, unknown>>;
}

/** A request, for as long as it stood so. */
export interface Requested extends Stated {
  readonly valid: boolean;
  /** How many jobs were new in the same change, this one included; 0 where it only changed. */
  readonly newTogether: number;
  /** Whether something in the same list is no usable request. */
  readonly besideMalformed: boolean;
}

/** A run of the observed program. */
export interface Call extends Span {
  readonly number: number;
  readonly type: "backup" | "restore";
  readonly unit?: string;
  readonly names: readonly string[];
  /** How it stands at the end of the trace. */
  readonly state: CallState;
}

/** Everything about one job. */
export interface JobStory {
  readonly id: string;
  readonly requests: readonly Requested[];
  readonly reports: readonly Stated[];
  readonly calls: readonly Call[];
}

/** A value of the key `jobs` that could not be read, for as long as it stood. */
export interface Unreadable extends Span {
  readonly owner: string;
  readonly side: "provider" | "requirer";
}

/** A trace told by its jobs. */
export interface Story {
  readonly trace: Trace;
  readonly observed: boolean;
  /** In the order in which they were first seen. */
  readonly jobs: ReadonlyMap<string, JobStory>;
  /** Calls that name no job. */
  readonly strayCalls: readonly Call[];
  readonly unreadable: readonly Unreadable[];
  /** The entries at which nothing more would come by itself, or the kit had waited long enough. */
  readonly settled: readonly number[];
  /** Those of them at which something of the charm still ran: what is missing there may only be late. */
  readonly hasty: ReadonlySet<number>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface MutableJob {
  readonly id: string;
  readonly requests: Mutable<Requested>[];
  readonly reports: Mutable<Stated>[];
  readonly calls: Mutable<Call>[];
}

/** Tells the story of a trace. */
export function tellStory(trace: Trace): Story {
  return new Teller(trace).story();
}

class Teller {
  readonly #trace: Trace;
  readonly #jobs = new Map<string, MutableJob>();
  readonly #strayCalls: Mutable<Call>[] = [];
  readonly #calls = new Map<number, Mutable<Call>>();
  readonly #unreadable: Mutable<Unreadable>[] = [];
  readonly #settled: number[] = [];
  readonly #hasty = new Set<number>();
  #observed = false;

  constructor(trace: Trace) {
    this.#trace = trace;
    for (const [index, entry] of trace.entries()) {
      if (entry.kind === "start") this.#observed ||= entry.observed;
      else if (entry.kind === "settled") {
        this.#settled.push(index);
        if (entry.stillRuns === true) this.#hasty.add(index);
      } else if (entry.kind === "call") this.#call(index, entry);
      else if (entry.kind === "databags") {
        this.#requests(index, entry.requirer);
        this.#reports(index, entry.provider);
        this.#markUnreadable(index, "requirer", ownersOf(entry.requirer));
        this.#markUnreadable(index, "provider", ownersOf(entry.provider));
      }
    }
  }

  story(): Story {
    return {
      trace: this.#trace,
      observed: this.#observed,
      jobs: this.#jobs,
      strayCalls: this.#strayCalls,
      unreadable: this.#unreadable,
      settled: this.#settled,
      hasty: this.#hasty,
    };
  }

  #job(id: string): MutableJob {
    const known = this.#jobs.get(id);
    if (known !== undefined) return known;
    const job: MutableJob = { id, requests: [], reports: [], calls: [] };
    this.#jobs.set(id, job);
    return job;
  }

  #requests(index: number, party: Party | undefined): void {
    const items = party === undefined ? [] : readList(party.data, "jobs").items;
    const named = items.filter(isObject).flatMap((item) => {
      const id = idOf(item);
      return id === undefined ? [] : [{ id, item }];
    });
    const besideMalformed = items.some((item) => idOf(item) === undefined || !validateRequirerJob(item));
    const isNew = new Set(
      named.filter(({ id }) => (this.#jobs.get(id)?.requests ?? []).length === 0).map(({ id }) => id),
    );
    const standing = new Set<Stated>();
    for (const { id, item } of named) {
      const { requests } = this.#job(id);
      const last = requests.at(-1);
      if (last !== undefined && last.to === undefined && isSame(last.job, item)) {
        standing.add(last);
        continue;
      }
      const request: Mutable<Requested> = {
        from: index,
        owner: party?.application ?? "",
        job: item,
        valid: validateRequirerJob(item),
        newTogether: isNew.has(id) ? isNew.size : 0,
        besideMalformed,
      };
      requests.push(request);
      standing.add(request);
    }
    for (const { requests } of this.#jobs.values()) end(requests, standing, index);
  }

  #reports(index: number, party: Party | undefined): void {
    const standing = new Set<Stated>();
    for (const [owner, databag] of ownersOf(party)) {
      for (const item of readList(databag, "jobs").items) {
        const id = idOf(item);
        if (id === undefined || !isObject(item)) continue;
        const { reports } = this.#job(id);
        const last = reports.findLast((each) => each.owner === owner && each.to === undefined);
        if (last !== undefined && isSame(last.job, item)) {
          standing.add(last);
          continue;
        }
        const report: Mutable<Stated> = { from: index, owner, job: item };
        reports.push(report);
        standing.add(report);
      }
    }
    for (const { reports } of this.#jobs.values()) end(reports, standing, index);
  }

  #markUnreadable(
    index: number,
    side: "provider" | "requirer",
    owners: readonly (readonly [string, Readonly<Record<string, string>>])[],
  ): void {
    const now = new Set(
      owners.filter(([, databag]) => readList(databag, "jobs").problems.length > 0).map(([owner]) => owner),
    );
    for (const each of this.#unreadable) {
      if (each.side !== side || each.to !== undefined) continue;
      if (!now.delete(each.owner)) each.to = index;
    }
    for (const owner of now) this.#unreadable.push({ from: index, owner, side });
  }

  #call(index: number, entry: Extract<Trace[number], { kind: "call" }>): void {
    const { call: number, state, type, unit, names } = entry;
    const known = this.#calls.get(number);
    if (known !== undefined) {
      known.state = state;
      if (state !== "began") known.to = index;
      return;
    }
    const call: Mutable<Call> = {
      number,
      from: index,
      type,
      names,
      state,
      ...(unit === undefined ? {} : { unit }),
    };
    this.#calls.set(number, call);
    const id =
      entry.jobs.length === 1
        ? entry.jobs[0]
        : (this.#jobBySolePlace(names) ?? this.#jobByElimination(type, entry.jobs));
    if (id === undefined) this.#strayCalls.push(call);
    else this.#job(id).calls.push(call);
  }

  /** The job to which alone the named buckets and artefacts belong. */
  #jobBySolePlace(names: readonly string[]): string | undefined {
    const candidates = [...this.#jobs.values()].filter(({ requests }) =>
      requests.some(({ job }) => placesOf(job).some((place) => names.includes(place))),
    );
    return candidates.length === 1 ? candidates[0]?.id : undefined;
  }

  /** The job that is next: of those that stand and have not been run, the first of the call's type. */
  #jobByElimination(type: Call["type"], among: readonly string[]): string | undefined {
    const waiting = [...this.#jobs.values()].filter(
      ({ id, requests, calls }) =>
        calls.length === 0 &&
        (among.length === 0 || among.includes(id)) &&
        requests.some((request) => request.to === undefined && request.valid),
    );
    if (waiting.length === 1) return waiting[0]?.id;
    return waiting.find(({ requests }) => requests.at(-1)?.job["job-type"] === type)?.id;
  }
}

/** The application's databag and those of its units. */
function ownersOf(
  party: Party | undefined,
): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  return party === undefined
    ? []
    : [[party.application, party.data] as const, ...Object.entries(party.units)];
}

/** The bucket and the artefact of a request. */
export function placesOf(job: Readonly<Record<string, unknown>>): readonly string[] {
  const storage = job["storage-config"];
  const bucket = isObject(storage) ? stringAt(storage, "bucket") : undefined;
  return [bucket, stringAt(job, "artefact-path")].flatMap((place) =>
    place === undefined || place === "" ? [] : [place],
  );
}

function idOf(item: unknown): string | undefined {
  const id = isObject(item) ? item["job-id"] : undefined;
  return typeof id === "string" && id !== "" ? id : undefined;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function end(spans: readonly Mutable<Stated>[], standing: ReadonlySet<Stated>, index: number): void {
  for (const span of spans) if (span.to === undefined && !standing.has(span)) span.to = index;
}
