/**
 * A unit's hook in its phases: it decides by the shipped functions, from what it read when it began.
 */
import type { JobRequest } from "../../lib/job/request.ts";
import { decideLeader, type LeaderPlan } from "../../provider/coordination/leader-step.ts";
import {
  decodeApplicationRecord,
  decodeUnitRecord,
  encodeApplicationRecord,
  encodeUnitRecord,
} from "../../provider/coordination/peer-databags.ts";
import { grantId, isEnding, type UnitRecord } from "../../provider/coordination/peer-records.ts";
import type { RequestsSeen } from "../../provider/coordination/requests-seen.ts";
import type { Rules } from "../../provider/coordination/rules.ts";
import { decideUnit, unitRecord, type UnitView } from "../../provider/coordination/unit-step.ts";
import { foldJournal, lastFence, type JournalRecord } from "../../provider/journal/journal.ts";
import {
  asking,
  backup,
  lineage,
  now,
  place,
  relation,
  restore,
  seeing,
} from "../unit/coordination-views.ts";
import {
  names,
  roleOf,
  spend,
  unitOf,
  withUnit,
  type Asked,
  type Hook,
  type JobOn,
  type RelationSeen,
  type Snapshot,
  type State,
  type UnitState,
  type Worker,
} from "./exhaustive-state.ts";

/** Two jobs and two things that go wrong take fewer. */
const mostGrants = 9;

/** Every way in which a unit's next hook may begin. */
export function* beginnings(state: State, unit: number): Iterable<State> {
  const { life, ready } = unitOf(state, unit);
  const { app, bags, asked, leader, primary, olderBags } = state;
  const leads = leader === unit;
  const relations = relationsOf(state, unit);
  const otherLife = unitOf(state, 1 - unit).life;
  const others: readonly Snapshot["other"][] =
    otherLife === "here" ? ["listed"] : otherLife === "gone" ? ["gone"] : ["listed", "expected"];
  const begin = (seen: Snapshot): State =>
    withUnit(state, unit, { relation: seen.relation, hook: { at: "act", seen, deposed: false } });
  for (const seenRelation of relations) {
    for (const other of others) {
      for (const leaving of life === "leaves" ? [false, true] : [false]) {
        const seen = { app, bags, asked, relation: seenRelation, leads, ready, primary, leaving, other };
        yield begin(seen);
        const old = olderBags?.[1 - unit];
        if (old === undefined || old === bags[1 - unit]) continue;
        const oldBags = bags.map((bag, n) => (n === unit ? bag : old));
        yield spend(begin({ ...seen, bags: oldBags }), "old databag is read");
      }
    }
  }
}

/** A unit learns of the relation's end once, in the hook of it. Juju knows of it until all units have. */
function relationsOf(state: State, unit: number): readonly RelationSeen[] {
  if (state.relation !== "breaks") return [state.relation];
  return unitOf(state, unit).relation === "stands" ? ["stands", "broken"] : ["broken"];
}

/** What becomes of a hook that takes its next step. */
export function proceed(state: State, unit: number, hook: Hook, rules: Rules): State {
  if (hook.at === "act") return act(state, unit, hook, rules);
  if (hook.at === "spawn" && hook.start !== undefined) {
    const worker: Worker = { task: "run", ...hook.start, at: "begins", known: false, cancelled: false };
    const workers = [...unitOf(state, unit).workers, worker];
    return withUnit(state, unit, { workers, hook: { ...hook, at: "note" } });
  }
  if (hook.at === "note") {
    // A worker that the journal does not know is found by its entry alone.
    const workers = unitOf(state, unit).workers.map((each) =>
      each.fence === hook.start?.fence ? { ...each, known: true } : each,
    );
    return withUnit(state, unit, { workers, hook: { at: "write", seen: hook.seen, deposed: hook.deposed } });
  }
  return write(state, unit, hook, rules);
}

function act(state: State, unit: number, hook: Hook, rules: Rules): State {
  const own = unitOf(state, unit);
  const action = decideUnit(viewOf(own, unit, hook.seen), rules);
  const on = { ...hook, at: "write" as const };
  switch (action.kind) {
    case "start": {
      const { fence, relation: from } = action.grant;
      const record: JournalRecord = {
        record: "started",
        lineage,
        fence,
        relation: from,
        request: action.request,
      };
      const start = { fence, job: action.request.id };
      return withUnit(state, unit, {
        journal: [...own.journal, record],
        hook: { ...hook, at: "spawn", start },
      });
    }
    case "answer": {
      const { fence, relation: from, job } = action.grant;
      const { type, outcome } = action;
      const record: JournalRecord = {
        record: "answered",
        lineage,
        fence,
        relation: from,
        job,
        type,
        outcome,
      };
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
    case "stop":
      return stop(withUnit(state, unit, { hook: on }), unit, action.entry, rules);
    case "blocked":
      return toRevoke(withUnit(state, unit, { hook: on }), unit, [action.by.fence]);
    case "rest":
      return withUnit(state, unit, { hook: on });
  }
}

/** A unit that leaves ends its worker and cleans up within its hook. */
function stop(
  state: State,
  unit: number,
  { fence, job }: { readonly fence: number; readonly job: string },
  rules: Rules,
): State {
  const own = unitOf(state, unit);
  const record: JournalRecord = { record: "progress", lineage, fence, progress: { phase: "cancelled" } };
  const isLeft = (each: JobOn): boolean => each.unit === unit && each.job === job;
  const active = rules.recoversBeforeLeaving() ? state.active.filter((each) => !isLeft(each)) : state.active;
  return {
    ...withUnit(state, unit, {
      workers: own.workers.filter((each) => each.fence !== fence),
      entered: { [fence]: "nobody" as const, ...own.entered },
      journal: [...own.journal, record],
    }),
    active,
  };
}

function write(state: State, unit: number, { seen, deposed }: Hook, rules: Rules): State {
  const ended = withUnit(state, unit, { hook: null });
  // Juju refuses the whole of it where the leader is another one now.
  if (seen.leads && deposed) return ended;
  const view = viewOf(unitOf(state, unit), unit, seen);
  const record = unitRecord(view, [], rules);
  const bags = state.bags.map((bag, n) => (n === unit ? encodeUnitRecord(record) : bag));
  const olderBags = state.olderBags === null ? null : state.bags;
  const said = { ...ended, bags, olderBags, released: releasedBy(state, unit, record) };
  if (!seen.leads) return judged(said);
  const plan = planOf(view, record, unit, seen, rules);
  const written = { ...said, app: encodeApplicationRecord(plan.application) };
  const revoking = toRevoke(
    written,
    unit,
    plan.toRevoke.map(({ fence }) => fence),
  );
  return judged(revoking);
}

function releasedBy(state: State, unit: number, { released }: UnitRecord): readonly JobOn[] {
  if (released === undefined || !isEnding(released.outcome) || released.outcome.phase === "lost")
    return state.released;
  const { job } = released;
  return state.released.some((each) => each.job === job)
    ? state.released
    : [...state.released, { job, unit }];
}

/** Has a worker of a unit revoke fences, of which it does not know yet what came of that. */
function toRevoke(state: State, unit: number, fences: readonly number[]): State {
  const { revoking, revocations } = unitOf(state, unit);
  const more = fences.filter((fence) => revocations[fence] === undefined && !revoking.includes(fence));
  return more.length === 0 ? state : withUnit(state, unit, { revoking: [...revoking, ...more] });
}

function planOf(view: UnitView, record: UnitRecord, unit: number, seen: Snapshot, rules: Rules): LeaderPlan {
  const other = names[1 - unit] ?? "";
  const said = decodeUnitRecord(seen.bags[1 - unit] ?? {}, other);
  const records = new Map<string, UnitRecord>([[view.unit, record]]);
  if (said !== undefined) records.set(other, said);
  return decideLeader(
    {
      now,
      unit: view.unit,
      application: view.application,
      records,
      listed: new Set(seen.other === "listed" ? [other] : []),
      expected: new Set(seen.other === "gone" ? [view.unit] : names),
      requests: view.requests,
      ownReports: new Map(),
      compatible: () => false,
      roles: view.roles,
      revoked: view.revoked,
      fenceOnDisk: lastFence(view.journal),
      newLineage: lineage,
    },
    rules,
  );
}

function viewOf(own: UnitState, unit: number, seen: Snapshot): UnitView {
  const name = names[unit] ?? "";
  const alive = own.workers.filter(
    ({ fence, known, task }) => known || task === "recover" || own.entered[fence] === "worker",
  );
  const journal = foldJournal(own.journal);
  const cancelled = [...journal.entries.values()].filter(({ cancelAsked }) => cancelAsked);
  const revoked = Object.keys(own.revocations).filter((fence) => own.revocations[fence] === true);
  const role = roleOf(unit, seen.primary);
  return {
    now,
    unit: name,
    incarnation: journal.incarnation ?? "",
    application: decodeApplicationRecord(seen.app),
    own: decodeUnitRecord(seen.bags[unit] ?? {}, name),
    journal,
    running: new Set(alive.map(({ fence }) => grantId({ lineage, fence }))),
    // Who sees to an end lives as long as what he ends.
    stopping: new Set(cancelled.map(grantId)),
    requests: requestsOf(seen),
    standing: seen.ready
      ? { ready: true, role, claim: place }
      : { ready: false, role, claim: place, reason: "it is to be so" },
    roles: (type) => (type === "backup" ? ["replica", "primary"] : ["primary"]),
    leaving: seen.leaving,
    revoked: new Set(revoked.map((fence) => grantId({ lineage, fence: Number(fence) }))),
  };
}

function requestsOf({ relation: how, asked }: Snapshot): RequestsSeen {
  const relations = how === "stands" ? [asking(asked.map(requestOf))] : [];
  return how === "broken"
    ? seeing(relations, { broken: relation, expected: new Set(["manager"]) })
    : seeing(relations);
}

function requestOf({ id, type, cancel, edited }: Asked): JobRequest {
  const more = { compression: !edited, ...(cancel ? { cancel: true as const } : {}) };
  return type === "backup" ? backup(id, more) : restore(id, more);
}

/** Notes what the leader wrote that should not be. */
function judged(state: State): State {
  const { done, fence } = decodeApplicationRecord(state.app);
  if (fence > mostGrants) return { ...state, wrong: "jobs are granted ever anew" };
  const lost = new Set(state.lost);
  for (const { report } of done.values()) {
    const { id, phase } = report;
    if (phase === "succeeded" && !state.succeeded.includes(id))
      return { ...state, wrong: `${id} is called a success` };
    if (state.active.some(({ job }) => job === id))
      return { ...state, wrong: `${id} has an end and is at work` };
    if (phase !== "lost") continue;
    if (state.released.some(({ job }) => job === id))
      return { ...state, wrong: `${id} is called lost, and its unit had let go of it with another end` };
    lost.add(id);
  }
  return { ...state, lost: [...lost] };
}
