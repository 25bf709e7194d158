/**
 * The decisions and deeds when the storage is no longer related: what the handler of credentials-gone does in Canonical's
 * charms, in its order, and what it leaves out. Pure but for the deeds.
 *
 * @module
 */
import {
  goesOn,
  notApplicable,
  passed,
  returned,
  walkBoxes,
  type Decision,
  type Deed,
  type WalkEnd,
} from "./chart.ts";

/** What is known before anything is done. */
export interface CredentialsGoneFacts {
  readonly isRelated: boolean;
  readonly isLeader: boolean;
  /** Whether the leader's wish stands in the application's databag. */
  readonly isAskedFor: boolean;
  /** Whether this unit's word on a storage stands in its databag. */
  readonly hasSaid: boolean;
  /** Whether this unit remembers what it found out about a related storage. */
  readonly hasFound: boolean;
}

/** What is done. None of it can fail but with Juju or the disk, and then the hook fails. */
export interface CredentialsGonePort {
  /** Takes the leader's wish back. */
  withdrawWish(): Promise<void>;
  /** Takes this unit's word back. */
  takeBackWord(): Promise<void>;
  /** Forgets what was found out about the storage, with which a Blocked of ours goes. */
  forgetFinding(): Promise<void>;
}

/** The boxes, in order. */
export const credentialsGoneChart: readonly (Decision<CredentialsGoneFacts> | Deed<CredentialsGonePort>)[] = [
  {
    name: "is-storage-related",
    decide: ({ isRelated, isLeader, isAskedFor, hasSaid, hasFound }) => {
      if (isRelated) return returned("a storage is related");
      return (isLeader && isAskedFor) || hasSaid || hasFound ? passed : returned("nothing is left of one");
    },
  },
  {
    name: "stop-rotating-logs",
    chart: "Stop rotate-logs",
    decide: notApplicable("pgBackRest's logs lie with the executor's own files"),
  },
  {
    name: "is-leader",
    chart: "Is current unit leader?",
    decide: ({ isLeader, isAskedFor }) => (isLeader && isAskedFor ? passed : goesOn("has-word-of-its-own")),
  },
  {
    name: "withdraw-wish",
    chart: "Delete the application's S3 flags",
    perform: async (port) => port.withdrawWish(),
  },
  {
    name: "has-word-of-its-own",
    decide: ({ hasSaid }) => (hasSaid ? passed : goesOn("forget-finding")),
  },
  {
    name: "take-back-word",
    chart: "Delete the unit's S3 flags",
    perform: async (port) => port.takeBackWord(),
  },
  {
    name: "forget-finding",
    chart: "Is unit Blocked because of S3? Set Active Status",
    perform: async (port) => port.forgetFinding(),
  },
  {
    name: "update-config",
    decide: notApplicable("WAL goes on to where it went: without it no backup made there could be restored"),
  },
];

/**
 * Walks through the chart.
 *
 * @param note Called with the name of each box that is come to.
 */
export async function walkCredentialsGone(
  facts: CredentialsGoneFacts,
  port: CredentialsGonePort,
  note?: (name: string) => void,
): Promise<WalkEnd> {
  return walkBoxes(credentialsGoneChart, facts, () => port, note);
}
