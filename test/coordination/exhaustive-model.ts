/**
 * Two units, a store and their workers as plain data, whose hooks decide by the shipped functions: every state that can be
 * reached from the first one can be enumerated.
 */
import type { JobRequest } from "../../lib/job/request.ts";
import { decideLeader } from "../../provider/coordination/leader-step.ts";
import {
  decodeApplicationRecord,
  decodeUnitRecord,
  encodeApplicationRecord,
  encodeUnitRecord,
} from "../../provider/coordination/peer-databags.ts";
import { grantId, type Grant, type UnitRecord } from "../../provider/coordination/peer-records.ts";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { decideUnit, unitRecord, type UnitView } from "../../provider/coordination/unit-step.ts";
import { foldJournal, lastFence, type JournalRecord } from "../../provider/journal.ts";
import {
  asking,
  backup,
  lineage,
  now,
  place,
  recordOf,
  restore,
  seeing,
} from "../unit/coordination-views.ts";

/** What may go wrong, once. */
export type ExhaustiveFault =
  | "hook fails"
  | "leadership moves"
  | "worker is killed"
  | "cancel"
  | "edit"
  | "request goes"
  | "unit is not ready";

/** A request as it stands. */
export interface Asked {
  readonly id: string;
  readonly type: "backup" | "restore";
  readonly cancel: boolean;
  readonly edited: boolean;
}

interface Snapshot {
  readonly app: Readonly<Record<string, string>>;
  readonly bags: readonly Readonly<Record<string, string>>[];
  readonly asked: readonly Asked[];
  readonly leads: boolean;
  readonly ready: boolean;
}

interface Hook {
  readonly at: "act" | "spawn" | "note" | "write";
  readonly seen: Snapshot;
  readonly start?: { readonly fence: number; readonly job: string };
  /** Leadership has moved since it began. */
  readonly deposed: boolean;
}

interface Worker {
  readonly task: "run" | "recover";
  readonly fence: number;
  readonly job: string;
  readonly at: "begins" | "entered" | "works";
  readonly known: boolean;
  readonly cancelled: boolean;
}

interface UnitState {
  readonly journal: readonly JournalRecord[];
  readonly hook: Hook | null;
  readonly workers: readonly Worker[];
  /** By fence: who entered. */
  readonly entered: Readonly<Record<string, "worker" | "nobody">>;
  readonly ready: boolean;
}

/** Everything there is. */
export interface State {
  readonly units: readonly UnitState[];
  readonly bags: readonly Readonly<Record<string, string>>[];
  readonly app: Readonly<Record<string, string>>;
  readonly asked: readonly Asked[];
  readonly leader: number;
  /** By fence: which unit claimed it. */
  readonly claims: Readonly<Record<string, number>>;
  /** By job: how often it was started. */
  readonly starts: Readonly<Record<string, number>>;
  /** The jobs at work, and what dead workers left of them. */
  readonly active: readonly string[];
  readonly succeeded: readonly string[];
  readonly fault: ExhaustiveFault | null;
  readonly wrong: string | null;
}

const names = ["db/0", "db/1"] as const;
/** Two jobs and one thing that goes wrong take fewer. */
const mostGrants = 7;

/** The state in which units stand ready and jobs of these types are requested. */
export function firstState(types: readonly Asked["type"][], fault: ExhaustiveFault | null): State {
  const life = (unit: number): JournalRecord => ({ record: "incarnation", incarnation: `life-${unit}` });
  return {
    units: [0, 1].map((unit) => ({
      journal: [life(unit)],
      hook: null,
      workers: [],
      entered: {},
      ready: true,
    })),
    bags: names.map((name) => encodeUnitRecord(recordOf(name))),
    app: { lineage, fence: "0" },
    asked: types.map((type, n) => ({ id: `job-${n}`, type, cancel: false, edited: false })),
    leader: 0,
    claims: {},
    starts: {},
    active: [],
    succeeded: [],
    fault,
    wrong: null,
  };
}

/** Every state that may come next. */
export function* nextStates(state: State, rules: Rules = shippedRules): Iterable<State> {
  for (const unit of [0, 1]) {
    const { hook, workers } = state.units[unit] ?? nobody;
    if (hook === null) yield begin(state, unit);
    else {
      yield proceed(state, unit, hook, rules);
      if (state.fault === "hook fails") yield spend(withUnit(state, unit, { hook: null }));
    }
    for (const [index, worker] of workers.entries()) {
      yield work(state, unit, index, worker);
      if (state.fault === "worker is killed") yield spend(withoutWorker(state, unit, index));
    }
    if (state.fault === "unit is not ready") yield spend(withUnit(state, unit, { ready: false }));
  }
  yield* changesOutside(state);
}

/** Whether nothing is under way and no hook would change anything. */
export function isAtRest(state: State, rules: Rules = shippedRules): boolean {
  if (state.units.some(({ hook, workers }) => hook !== null || workers.length > 0)) return false;
  return [0, 1].every((unit) => {
    let after = begin(state, unit);
    for (let hook = after.units[unit]?.hook; hook; hook = after.units[unit]?.hook)
      after = proceed(after, unit, hook, rules);
    return JSON.stringify(after) === JSON.stringify(state);
  });
}

function* changesOutside(state: State): Iterable<State> {
  const { asked, fault } = state;
  const change = (how: Partial<Asked>): State =>
    spend({ ...state, asked: asked.map((each, n) => (n === 0 ? { ...each, ...how } : each)) });
  if (fault === "cancel") yield change({ cancel: true });
  if (fault === "edit") yield change({ edited: true });
  if (fault === "request goes") yield spend({ ...state, asked: asked.slice(1) });
  if (fault === "leadership moves") {
    const units = state.units.map((unit) =>
      unit.hook === null ? unit : { ...unit, hook: { ...unit.hook, deposed: true } },
    );
    yield spend({ ...state, units, leader: 1 - state.leader });
  }
}

function begin(state: State, unit: number): State {
  const { app, bags, asked, leader } = state;
  const seen = { app, bags, asked, leads: leader === unit, ready: state.units[unit]?.ready === true };
  return withUnit(state, unit, { hook: { at: "act", seen, deposed: false } });
}

function proceed(state: State, unit: number, hook: Hook, rules: Rules): State {
  if (hook.at === "act") return act(state, unit, hook, rules);
  if (hook.at === "spawn" && hook.start !== undefined) {
    const worker: Worker = { task: "run", ...hook.start, at: "begins", known: false, cancelled: false };
    const workers = [...(state.units[unit]?.workers ?? []), worker];
    return withUnit(state, unit, { workers, hook: { ...hook, at: "note" } });
  }
  if (hook.at === "note") {
    // A worker that the journal does not know is found by its entry alone.
    const workers = (state.units[unit]?.workers ?? []).map((each) =>
      each.fence === hook.start?.fence ? { ...each, known: true } : each,
    );
    return withUnit(state, unit, { workers, hook: { at: "write", seen: hook.seen, deposed: hook.deposed } });
  }
  return write(state, unit, hook, rules);
}

function act(state: State, unit: number, hook: Hook, rules: Rules): State {
  const own = state.units[unit] ?? nobody;
  const view = viewOf(own, unit, hook.seen);
  const action = decideUnit(view, rules);
  const on = { ...hook, at: "write" as const };
  switch (action.kind) {
    case "start": {
      const { fence, relation } = action.grant;
      const record: JournalRecord = { record: "started", lineage, fence, relation, request: action.request };
      const start = { fence, job: action.request.id };
      return withUnit(state, unit, {
        journal: [...own.journal, record],
        hook: { ...hook, at: "spawn", start },
      });
    }
    case "answer": {
      const { fence, relation, job } = action.grant;
      const { type, outcome } = action;
      const record: JournalRecord = { record: "answered", lineage, fence, relation, job, type, outcome };
      return withUnit(state, unit, { journal: [...own.journal, record], hook: on });
    }
    case "cancel": {
      const { fence } = action.entry;
      const workers = own.workers.map((each) => (each.fence === fence ? { ...each, cancelled: true } : each));
      const record: JournalRecord = { record: "cancel", lineage, fence };
      return withUnit(state, unit, { journal: [...own.journal, record], workers, hook: on });
    }
    case "recover": {
      const { fence, job } = action.entry;
      const worker: Worker = { task: "recover", fence, job, at: "begins", known: true, cancelled: false };
      const entered = { [fence]: "nobody" as const, ...own.entered };
      return withUnit(state, unit, { workers: [...own.workers, worker], entered, hook: on });
    }
    case "rest":
    case "blocked":
    case "stop":
      return withUnit(state, unit, { hook: on });
  }
}

function write(state: State, unit: number, { seen, deposed }: Hook, rules: Rules): State {
  const ended = withUnit(state, unit, { hook: null });
  // Juju refuses the whole of it where the leader is another one now.
  if (seen.leads && deposed) return ended;
  const view = viewOf(state.units[unit] ?? nobody, unit, seen);
  const record = unitRecord(view, [], rules);
  const bags = state.bags.map((bag, n) => (n === unit ? encodeUnitRecord(record) : bag));
  const app = seen.leads ? encodeApplicationRecord(leaderPlan(view, record, unit, seen, rules)) : state.app;
  return judged({ ...ended, bags, app });
}

function leaderPlan(
  view: UnitView,
  record: UnitRecord,
  unit: number,
  seen: Snapshot,
  rules: Rules,
): ReturnType<typeof decideLeader>["application"] {
  const other = 1 - unit;
  const said = decodeUnitRecord(seen.bags[other] ?? {}, names[other] ?? "");
  const records = new Map<string, UnitRecord>([[view.unit, record]]);
  if (said !== undefined) records.set(names[other] ?? "", said);
  return decideLeader(
    {
      now,
      unit: view.unit,
      application: view.application,
      records,
      listed: new Set([names[other] ?? ""]),
      expected: new Set(names),
      requests: view.requests,
      ownReports: new Map(),
      compatible: () => false,
      roles: view.roles,
      revoked: new Set(),
      fenceOnDisk: lastFence(view.journal),
      newLineage: lineage,
    },
    rules,
  ).application;
}

function viewOf(own: UnitState, unit: number, seen: Snapshot): UnitView {
  const name = names[unit] ?? "";
  const alive = own.workers.filter(
    ({ fence, known, task }) => known || task === "recover" || own.entered[fence] === "worker",
  );
  const journal = foldJournal(own.journal);
  const cancelled = [...journal.entries.values()].filter(({ cancelAsked }) => cancelAsked);
  return {
    now,
    unit: name,
    incarnation: `life-${unit}`,
    application: decodeApplicationRecord(seen.app),
    own: decodeUnitRecord(seen.bags[unit] ?? {}, name),
    journal,
    running: new Set(alive.map(({ fence }) => grantId({ lineage, fence }))),
    // Who sees to an end lives as long as what he ends.
    stopping: new Set(cancelled.map(grantId)),
    requests: seeing([asking(seen.asked.map(requestOf))]),
    standing: seen.ready
      ? { ready: true, role: "primary", claim: place }
      : { ready: false, role: "primary", claim: place, reason: "it is to be so" },
    roles: () => ["primary"],
    leaving: false,
    revoked: new Set(),
  };
}

function requestOf({ id, type, cancel, edited }: Asked): JobRequest {
  const more = { compression: !edited, ...(cancel ? { cancel: true as const } : {}) };
  return type === "backup" ? backup(id, more) : restore(id, more);
}

function work(state: State, unit: number, index: number, worker: Worker): State {
  const own = state.units[unit] ?? nobody;
  const { fence, job, task, at } = worker;
  const gone = withUnit(state, unit, { workers: own.workers.filter((_, n) => n !== index) });
  const end = (phase: "succeeded" | "cancelled" | "lost"): State => {
    const record: JournalRecord = { record: "progress", lineage, fence, progress: { phase } };
    const active = state.active.filter((each) => each !== job);
    return { ...withUnit(gone, unit, { journal: [...own.journal, record] }), active };
  };
  if (task === "recover") return end("lost");
  const goOn = (how: Partial<Worker>): State =>
    withUnit(state, unit, {
      workers: own.workers.map((each, n) => (n === index ? { ...each, ...how } : each)),
    });
  if (at === "begins") {
    if (own.entered[fence] !== undefined) return gone;
    return withUnit(goOn({ at: "entered" }), unit, { entered: { ...own.entered, [fence]: "worker" } });
  }
  if (at === "entered") {
    if (worker.cancelled) return end("cancelled");
    if ((state.claims[fence] ?? unit) !== unit) return end("lost");
    return started({ ...goOn({ at: "works" }), claims: { ...state.claims, [fence]: unit } }, job);
  }
  if (worker.cancelled) return end("cancelled");
  return { ...end("succeeded"), succeeded: [...state.succeeded, job] };
}

function started(state: State, job: string): State {
  const starts = (state.starts[job] ?? 0) + 1;
  const wrong =
    starts > 1
      ? `${job} was started twice`
      : state.active.length > 0
        ? `${job} was started beside ${state.active.join()}`
        : state.wrong;
  return { ...state, starts: { ...state.starts, [job]: starts }, active: [...state.active, job], wrong };
}

function judged(state: State): State {
  if (Number(state.app["fence"]) > mostGrants) return { ...state, wrong: "jobs are granted ever anew" };
  for (const { report } of decodeApplicationRecord(state.app).done.values()) {
    if (report.phase === "succeeded" && !state.succeeded.includes(report.id))
      return { ...state, wrong: `${report.id} is called a success` };
    if (state.active.includes(report.id))
      return { ...state, wrong: `${report.id} has an end and is at work` };
  }
  return state;
}

/** What is missing in a state in which nothing is left to happen. */
export function missingIn(state: State): string | undefined {
  const { grants, done } = decodeApplicationRecord(state.app);
  const left = [...grants.values()].map(({ job }: Grant) => job);
  if (left.length > 0) return `the grant of ${left.join()} stays`;
  const ended = new Set([...done.values()].map(({ report }) => report.id));
  const waits = state.asked.filter(({ id }) => !ended.has(id));
  // Jobs rightly wait where no unit is ready.
  if (waits.length === 0 || state.units.some(({ ready }) => !ready)) return undefined;
  return `${waits.map(({ id }) => id).join()} never ends`;
}

const nobody: UnitState = { journal: [], hook: null, workers: [], entered: {}, ready: false };

function withUnit(state: State, unit: number, change: Partial<UnitState>): State {
  return { ...state, units: state.units.map((each, n) => (n === unit ? { ...each, ...change } : each)) };
}

function withoutWorker(state: State, unit: number, index: number): State {
  const workers = (state.units[unit]?.workers ?? []).filter((_, n) => n !== index);
  return withUnit(state, unit, { workers });
}

function spend(state: State): State {
  return { ...state, fault: null };
}
