/**
 * Everything that may happen next in a state: hooks, workers, what goes wrong, and an admin who does what he is told to.
 */
import { decodeApplicationRecord, decodeUnitRecord } from "../../provider/coordination/peer-databags.ts";
import type { Grant } from "../../provider/coordination/peer-records.ts";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { foldJournal, type JournalRecord } from "../../provider/journal/journal.ts";
import { lineage } from "../unit/coordination-views.ts";
import { beginnings, proceed } from "./exhaustive-hook.ts";
import {
  names,
  newUnit,
  revokedClaim,
  spend,
  successor,
  unitOf,
  withUnit,
  type Asked,
  type State,
  type Worker,
} from "./exhaustive-state.ts";

/** Every state that may come next. */
export function* nextStates(state: State, rules: Rules = shippedRules): Iterable<State> {
  for (const unit of names.keys()) {
    const { hook, life } = unitOf(state, unit);
    if (hook !== null) {
      const next = proceed(state, unit, hook, rules);
      yield next;
      if (state.faults.includes("hook fails"))
        yield spend(withUnit(state, unit, { hook: null }), "hook fails");
      if (hook.at === "write" && state.faults.includes("hook runs again"))
        for (const again of beginnings(next, unit)) yield spend(again, "hook runs again");
    } else if (life !== "gone") {
      yield* beginnings(state, unit);
    }
  }
  yield* workersSteps(state);
  yield* goings(state);
  yield* faultsOf(state);
}

/** Whether nothing is under way and no hook would change anything. */
export function isAtRest(state: State, rules: Rules = shippedRules): boolean {
  if (state.units.some(({ hook, workers }) => hook !== null || workers.length > 0)) return false;
  if (state.units.some(({ life, revoking }) => life === "leaves" || revoking.length > 0)) return false;
  if (state.relation === "breaks" || [...goings(state)].length > 0) return false;
  const before = JSON.stringify(state);
  return [...names.keys()].every((unit) => {
    if (unitOf(state, unit).life === "gone") return true;
    // An old databag is one that another hook would read anew.
    const [begun] = beginnings(state, unit);
    if (begun === undefined) return false;
    let after = begun;
    for (let { hook } = unitOf(after, unit); hook !== null; { hook } = unitOf(after, unit))
      after = proceed(after, unit, hook, rules);
    return JSON.stringify({ ...after, olderBags: state.olderBags }) === before;
  });
}

/** What is missing in a state in which nothing is left to happen. */
export function missingIn(state: State): string | undefined {
  const { grants, done } = decodeApplicationRecord(state.app);
  const left = [...grants.values()].map(({ job }) => job);
  if (left.length > 0) return `the grant of ${left.join()} stays`;
  if (state.active.length > 0) return `${state.active.map(({ job }) => job).join()} is still at work`;
  const ended = new Set([...done.values()].map(({ report }) => report.id));
  const waits = state.relation === "gone" ? [] : state.asked.filter(({ id }) => !ended.has(id));
  const here = [...names.keys()].filter((unit) => unitOf(state, unit).life === "here");
  // Jobs rightly wait where a unit is not ready.
  if (waits.length === 0 || here.some((unit) => !unitOf(state, unit).ready)) return undefined;
  return `${waits.map(({ id }) => id).join()} never ends`;
}

function* workersSteps(state: State): Iterable<State> {
  for (const [unit, { workers, revoking, revocations }] of state.units.entries()) {
    for (const [index, worker] of workers.entries()) {
      yield work(state, unit, index, worker);
      if (state.faults.includes("worker is killed"))
        yield spend(
          withUnit(state, unit, { workers: workers.filter((_, n) => n !== index) }),
          "worker is killed",
        );
    }
    for (const fence of revoking) {
      const holder = state.claims[fence] ?? revokedClaim;
      const known = {
        revoking: revoking.filter((each) => each !== fence),
        revocations: { ...revocations, [fence]: holder === revokedClaim },
      };
      yield { ...withUnit(state, unit, known), claims: { ...state.claims, [fence]: holder } };
    }
  }
}

function work(state: State, unit: number, index: number, worker: Worker): State {
  const own = unitOf(state, unit);
  const { fence, job, task, at } = worker;
  const gone = withUnit(state, unit, { workers: own.workers.filter((_, n) => n !== index) });
  const end = (phase: "succeeded" | "cancelled" | "lost"): State => {
    const record: JournalRecord = { record: "progress", lineage, fence, progress: { phase } };
    const active = state.active.filter((each) => each.job !== job || each.unit !== unit);
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
    return started({ ...goOn({ at: "works" }), claims: { ...state.claims, [fence]: unit } }, job, unit);
  }
  if (worker.cancelled) return end("cancelled");
  return { ...end("succeeded"), succeeded: [...state.succeeded, job] };
}

function started(state: State, job: string, unit: number): State {
  const starts = (state.starts[job] ?? 0) + 1;
  const others = state.active.map((each) => each.job);
  let { wrong } = state;
  if (others.length > 0) wrong = `${job} was started beside ${others.join()}`;
  if (state.lost.includes(job)) wrong = `${job} was started although it was called lost`;
  if (starts > 1) wrong = `${job} was started twice`;
  return {
    ...state,
    starts: { ...state.starts, [job]: starts },
    active: [...state.active, { job, unit }],
    wrong,
  };
}

/** What comes about by itself or by an admin: units and relations go at last, and machines are switched off. */
function* goings(state: State): Iterable<State> {
  const isBrokenFor = (unit: number): boolean => {
    const { life, relation, hook } = unitOf(state, unit);
    return life === "gone" || (relation !== "stands" && hook === null);
  };
  if (state.relation === "breaks" && [...names.keys()].every(isBrokenFor))
    yield { ...state, relation: "gone" };
  for (const [unit, name] of names.entries()) {
    const { life, hook } = unitOf(state, unit);
    const said = decodeUnitRecord(state.bags[unit] ?? {}, name);
    if (life === "leaves" && hook === null && said?.left === true) yield without(state, unit);
  }
  for (const grant of decodeApplicationRecord(state.app).grants.values()) yield* releases(state, grant);
}

/** An admin confirms that the machine is off whose worker claimed a fence that cannot be revoked. */
function* releases(state: State, grant: Grant): Iterable<State> {
  const { fence, incarnation } = grant;
  const unit = names.findIndex((name) => name === grant.unit);
  const { life, journal } = unitOf(state, unit);
  const isAnother = foldJournal(journal).incarnation !== incarnation;
  if (life !== "gone" && !isAnother) return;
  const on = life === "gone" ? state.leader : unit;
  const { hook, revocations } = unitOf(state, on);
  if (hook !== null || revocations[fence] !== false) return;
  const machine = isAnother ? names.length : unit;
  const off = withUnit(state, machine, { workers: [] });
  yield {
    ...withUnit(off, on, { revocations: { ...revocations, [fence]: true } }),
    active: state.active.filter((each) => each.unit !== machine),
  };
}

function without(state: State, unit: number): State {
  const leader = successor(state, state.leader, unit);
  const primary = successor(state, state.primary, unit);
  return { ...withUnit(state, unit, { life: "gone", hook: null, revoking: [] }), leader, primary };
}

function* faultsOf(state: State): Iterable<State> {
  for (const fault of new Set(state.faults))
    for (const next of changes(state, fault)) yield spend(next, fault);
}

/** What goes wrong by itself; what goes wrong in a hook or a worker goes wrong there. */
function* changes(state: State, fault: State["faults"][number]): Iterable<State> {
  const { asked } = state;
  const change = (how: Partial<Asked>): State => ({
    ...state,
    asked: asked.map((each, n) => (n === 0 ? { ...each, ...how } : each)),
  });
  if (fault === "cancel") yield change({ cancel: true });
  if (fault === "edit") yield change({ edited: true });
  if (fault === "request goes") yield { ...state, asked: asked.slice(1) };
  if (fault === "relation goes" && state.relation === "stands") yield { ...state, relation: "breaks" };
  if (fault === "primary moves" && state.primary !== null && unitOf(state, 1 - state.primary).life === "here")
    yield { ...state, primary: 1 - state.primary };
  if (fault === "leadership moves" && unitOf(state, 1 - state.leader).life === "here") yield deposing(state);
  for (const unit of names.keys()) {
    const own = unitOf(state, unit);
    const isLast = unitOf(state, 1 - unit).life !== "here";
    if (own.life !== "here") continue;
    if (fault === "unit is not ready") yield withUnit(state, unit, { ready: false });
    if (fault === "unit leaves" && !isLast) yield withUnit(state, unit, { life: "leaves" });
    if (fault === "unit is removed by force" && !isLast) yield without(state, unit);
    if (fault === "unit is made anew" && state.units.length === names.length) yield madeAnew(state, unit);
    if (fault === "disk is lost") {
      const active = state.active.filter((each) => each.unit !== unit);
      yield { ...withNewDisk(state, unit), active };
    }
  }
}

function deposing(state: State): State {
  const units = state.units.map((unit) =>
    unit.hook === null ? unit : { ...unit, hook: { ...unit.hook, deposed: true } },
  );
  return { ...state, units, leader: 1 - state.leader };
}

/** The machine starts anew with an empty disk: nothing runs on it any more. */
function withNewDisk(state: State, unit: number): State {
  const { ready } = unitOf(state, unit);
  const lives = foldJournal(unitOf(state, unit).journal).incarnation?.split("-").length ?? 0;
  return withUnit(state, unit, { ...newUnit(unit, lives), ready });
}

/** A unit is taken away by force, its machine lives on, and another unit gets its name. */
function madeAnew(state: State, unit: number): State {
  const machine = { ...unitOf(state, unit), life: "gone" as const, hook: null, revoking: [] };
  const fresh = withNewDisk(state, unit);
  return {
    ...fresh,
    leader: successor(state, state.leader, unit),
    primary: successor(state, state.primary, unit),
    released: state.released.filter((each) => each.unit !== unit),
    units: [...fresh.units, machine],
    bags: state.bags.map((bag, n) => (n === unit ? {} : bag)),
    active: state.active.map((each) => (each.unit === unit ? { ...each, unit: names.length } : each)),
    claims: Object.fromEntries(
      Object.entries(state.claims).map(([fence, by]) => [fence, by === unit ? names.length : by]),
    ),
  };
}
