/**
 * The rules of the protocol between units, one function each.
 *
 * They stand here by themselves so that a test can break any one of them and see the simulation find out. Nothing else
 * ever replaces one.
 *
 * @module
 */
import type { JujuEvent } from "../../lib/juju/event.ts";
import { isEnding, noClaim, type Grant, type Outcome, type UnitRecord } from "./peer-records.ts";

/** The rules, by what they are for (docs/explanation/coordination.md). */
export const shippedRules = {
  /** The leader notes each end: without the note, a job that has ended is granted again. */
  notesEnd: (outcome: Outcome): boolean => isEnding(outcome),

  /** A fence is greater than every fence that anybody may remember. */
  nextFence: (given: number, remembered: readonly number[]): number => 1 + Math.max(given, ...remembered),

  /** What a job is started for is on disk before it starts. */
  journalsBeforeStart: (): boolean => true,

  /** A grant counts once it is committed; one that stands in the writer's own buffer may be dropped. */
  actsOnGrantOf: (place: "committed" | "buffered"): boolean => place === "committed",

  /** A unit that cannot take a job says so, and is done with the grant. */
  declines: (): boolean => true,

  /** The units whose databags the leader reads: those that are there, and those that a grant names. */
  unitsToRead: (members: readonly string[], granted: readonly string[]): readonly string[] => [
    ...new Set([...members, ...granted]),
  ],

  /** A unit that is made anew keeps the last word of the one before it. */
  carriesOver: (): boolean => true,

  /** A unit that is being installed is another one than that which bore its name, on the same disk too. */
  beginsIncarnation: (event: JujuEvent): boolean => event.kind === "hook" && event.name === "install",

  /** A unit that said that it left does nothing more. */
  isSilent: (own: UnitRecord | undefined, incarnation: string): boolean =>
    own?.left === true && own.incarnation === incarnation,

  /** A unit is gone if Juju neither expects it nor lists it. */
  isGone: (unit: string, expected: ReadonlySet<string>, listed: ReadonlySet<string>): boolean =>
    !expected.has(unit) && !listed.has(unit),

  /** A grant of a unit that is gone is free once nobody can claim its fence any more. */
  isFreed: (grant: Grant, revoked: boolean): boolean => grant.claim !== noClaim && revoked,

  /** The leader repeats the ends that nobody else is there to report. */
  repeatsEndOf: (isPresent: boolean): boolean => !isPresent,

  /** How long after Juju's word that it leads a unit may write as the leader, in seconds. */
  isWithinWindow: (elapsedS: number): boolean => elapsedS <= 10,

  /** A command of `juju-exec` writes as the leader when all else is done: Juju drops nothing of one that fails. */
  writesLast: (event: JujuEvent): boolean => event.kind === "custom",

  /** A databag that could not be read is not an empty one: the dispatch fails. */
  failsOnUnreadable: (): boolean => true,

  /** A grant is for one life of a unit. */
  isForMe: (grant: Grant, incarnation: string): boolean => grant.incarnation === incarnation,

  /** Exactly one process ever enters itself for a fence. */
  entersOnce: (): boolean => true,

  /** A fence is claimed where its grant says, or not at all. */
  fitsClaim: (grant: Grant, mine: string | undefined): boolean => grant.claim === mine,

  /** A fence is revoked where it is claimed: a word at another storage says nothing. */
  revokesAt: (grant: Grant, mine: string): boolean => grant.claim === mine,

  /** A relation that is being broken says nothing about its requests. */
  readsRelationOf: (event: JujuEvent, relation: string): boolean =>
    !(event.kind === "relation" && event.change === "broken" && event.relationId === relation),

  /** A unit that leaves cleans up after a worker that died before it lets go of the grant. */
  recoversBeforeLeaving: (): boolean => true,

  /** What the disk remembers of an earlier life of the application is about other jobs. */
  isOfThisLife: (lineage: string, current: string | undefined): boolean => lineage === current,

  /** An action's job, which only one unit can run, holds up others only while that unit can take it. */
  holdsUp: (isAction: boolean, askerCanTake: boolean): boolean => !isAction || askerCanTake,
};

/** The rules of the protocol. */
export type Rules = typeof shippedRules;
