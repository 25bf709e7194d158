/**
 * Two units, a store and their workers as plain data, so that every state that can be reached can be enumerated.
 */
import { encodeUnitRecord } from "../../provider/coordination/peer-databags.ts";
import type { JournalRecord } from "../../provider/journal/journal.ts";
import { lineage, recordOf } from "../unit/coordination-views.ts";

/** What may go wrong, once each. */
export const exhaustiveFaults = [
  "hook fails",
  "hook runs again",
  "leadership moves",
  "old databag is read",
  "worker is killed",
  "cancel",
  "edit",
  "request goes",
  "relation goes",
  "unit is not ready",
  "primary moves",
  "unit leaves",
  "unit is removed by force",
  "unit is made anew",
  "disk is lost",
] as const;
/** What may go wrong. */
export type ExhaustiveFault = (typeof exhaustiveFaults)[number];

/** A request as it stands. */
export interface Asked {
  readonly id: string;
  readonly type: "backup" | "restore";
  readonly cancel: boolean;
  readonly edited: boolean;
}

/** What a hook read when it began. */
export interface Snapshot {
  readonly app: Readonly<Record<string, string>>;
  readonly bags: readonly Readonly<Record<string, string>>[];
  readonly asked: readonly Asked[];
  readonly relation: RelationSeen;
  readonly leads: boolean;
  readonly ready: boolean;
  readonly primary: number | null;
  /** The unit is told that it leaves. */
  readonly leaving: boolean;
  /** How Juju has the other unit. */
  readonly other: "listed" | "expected" | "gone";
}

/** A hook under way, by what it does next. */
export interface Hook {
  readonly at: "act" | "spawn" | "note" | "write";
  readonly seen: Snapshot;
  readonly start?: { readonly fence: number; readonly job: string };
  /** Leadership has moved since it began. */
  readonly deposed: boolean;
}

/** A worker, by what it has done. */
export interface Worker {
  readonly task: "run" | "recover";
  readonly fence: number;
  readonly job: string;
  readonly at: "begins" | "entered" | "works";
  readonly known: boolean;
  readonly cancelled: boolean;
}

/** How a hook has the relation: `broken` in that of its end and after it, while Juju knows of it; `gone` afterwards. */
export type RelationSeen = "stands" | "broken" | "gone";

/** A unit and its machine. */
export interface UnitState {
  readonly life: "here" | "leaves" | "gone";
  /** How its last hook had the relation. */
  readonly relation: RelationSeen;
  readonly journal: readonly JournalRecord[];
  readonly hook: Hook | null;
  readonly workers: readonly Worker[];
  /** By fence: who entered. */
  readonly entered: Readonly<Record<string, "worker" | "nobody">>;
  readonly ready: boolean;
  /** The fences that a worker of it is to revoke. */
  readonly revoking: readonly number[];
  /** By fence: whether it was revoked, or somebody holds it. */
  readonly revocations: Readonly<Record<string, boolean>>;
}

/** A job, and the unit or machine that it is about. */
export interface JobOn {
  readonly job: string;
  readonly unit: number;
}

/** Everything there is. */
export interface State {
  /** The units of the names; after them machines whose unit is another one now. */
  readonly units: readonly UnitState[];
  readonly bags: readonly Readonly<Record<string, string>>[];
  /** As they were before the last write, where that may be read. */
  readonly olderBags: readonly Readonly<Record<string, string>>[] | null;
  readonly app: Readonly<Record<string, string>>;
  readonly asked: readonly Asked[];
  readonly relation: "stands" | "breaks" | "gone";
  readonly leader: number;
  /** Which unit is the primary; null where each can be. */
  readonly primary: number | null;
  /** By fence: which machine claimed it, or that it is revoked. */
  readonly claims: Readonly<Record<string, number>>;
  /** By job: how often it was started. */
  readonly starts: Readonly<Record<string, number>>;
  /** The jobs at work, and what dead workers left of them, by machine. */
  readonly active: readonly JobOn[];
  readonly succeeded: readonly string[];
  /** The jobs that a unit let go of with an end, in a databag that still stands. */
  readonly released: readonly JobOn[];
  /** The jobs that the leader noted as lost. */
  readonly lost: readonly string[];
  /** What may still go wrong. */
  readonly faults: readonly ExhaustiveFault[];
  readonly wrong: string | null;
}

/** The units' names. */
export const names = ["db/0", "db/1"] as const;
/** In place of a machine: the fence was revoked. */
export const revokedClaim = -1;

const nobody: UnitState = {
  life: "gone",
  relation: "stands",
  journal: [],
  hook: null,
  workers: [],
  entered: {},
  ready: false,
  revoking: [],
  revocations: {},
};

/** A unit with an empty disk, in its nth life. */
export function newUnit(unit: number, life: number): UnitState {
  const incarnation = life === 0 ? `life-${unit}` : `life-${unit}-${life}`;
  const journal: readonly JournalRecord[] = [{ record: "incarnation", incarnation }];
  return { ...nobody, life: "here", ready: true, journal };
}

/** Which jobs are requested, and which unit is the primary: null where each can be, and then the leader runs them. */
export interface Beginning {
  readonly types: readonly Asked["type"][];
  readonly primary: number | null;
}

/** A restore that the leader can run. */
export const byLeader: Beginning = { types: ["restore"], primary: null };
/** A restore that the other unit runs. */
export const byOther: Beginning = { types: ["restore"], primary: 1 };
/** The leader runs the backup, the other unit the restore. */
export const two: Beginning = { types: ["backup", "restore"], primary: 1 };

/** The state in which units stand ready, jobs are requested, and the first unit leads. */
export function firstState({ types, primary: given }: Beginning, faults: readonly ExhaustiveFault[]): State {
  const primary = faults.includes("primary moves") ? (given ?? 0) : given;
  const bags = names.map((name, unit) => {
    const { standing } = recordOf(name);
    return encodeUnitRecord(recordOf(name, { standing: { ...standing, role: roleOf(unit, primary) } }));
  });
  return {
    units: [newUnit(0, 0), newUnit(1, 0)],
    bags,
    olderBags: faults.includes("old databag is read") ? bags : null,
    app: { lineage, fence: "0" },
    asked: types.map((type, n) => ({ id: `job-${n}`, type, cancel: false, edited: false })),
    relation: "stands",
    leader: 0,
    primary,
    claims: {},
    starts: {},
    active: [],
    succeeded: [],
    released: [],
    lost: [],
    faults,
    wrong: null,
  };
}

/** The role of a unit. */
export function roleOf(unit: number, primary: number | null): "primary" | "replica" {
  return primary === null || primary === unit ? "primary" : "replica";
}

/** A unit, or the machine of one that is another now. */
export function unitOf(state: State, unit: number): UnitState {
  return state.units[unit] ?? nobody;
}

/** Who leads, or is the primary, once a unit is gone. */
export function successor<Who extends number | null>(state: State, who: Who, gone: number): Who | number {
  const other = 1 - gone;
  return who === gone && unitOf(state, other).life !== "gone" ? other : who;
}

/** The same state but for one unit. */
export function withUnit(state: State, unit: number, change: Partial<UnitState>): State {
  return { ...state, units: state.units.map((each, n) => (n === unit ? { ...each, ...change } : each)) };
}

/** The same state after something has gone wrong. */
export function spend(state: State, fault: ExhaustiveFault): State {
  const at = state.faults.indexOf(fault);
  const faults = state.faults.filter((_, n) => n !== at);
  return { ...state, faults, olderBags: faults.includes("old databag is read") ? state.olderBags : null };
}
