/**
 * The decisions and deeds as units of the cluster come and go: those of the flowcharts peer-relation-changed, which is
 * walked in every dispatch, and peer-relation-departed, each in its order, and ours among them. Pure but for the deeds.
 *
 * @module
 */
import type { Failure } from "../../../lib/job/report.ts";
import type { MemberState } from "../patroni/patroni.ts";
import {
  deferred,
  goesOn,
  notApplicable,
  passed,
  returned,
  walkBoxes,
  type ChartOutcome,
  type Decision,
  type Deed,
  type WalkEnd,
} from "./chart.ts";

/** What is known of the cluster before anything is done. */
export interface PeerChangedFacts {
  /** What this unit's Patroni says; undefined where it does not answer. */
  readonly member: MemberState | undefined;
  readonly isLeader: boolean;
  /** The members of units that have told of themselves, where Patroni does not list them. */
  readonly unlisted: readonly string[];
  /** Whether the primary waits for as many replicas as these units call for. */
  readonly isSynchronousFitting: boolean;
  /** The members of these units that neither run nor stream. */
  readonly unready: readonly string[];
  /** Whether Patroni lists this unit's own member. */
  readonly isListed: boolean;
}

/** What is known when a unit goes. */
export interface PeerDepartedFacts extends Pick<PeerChangedFacts, "member" | "isLeader"> {
  /** Whether it is this unit that goes. */
  readonly isOwnDeparture: boolean;
}

/** What is done. Each deed does nothing where nothing is new. */
export interface ClusterPort {
  /** Has the primary wait for as many replicas as the units call for, or says why not. */
  countMembers(): Promise<Failure | undefined>;
  /** Keeps for the workers which units there are, and nothing of those that are gone. */
  keepMembers(): Promise<void>;
  /** Tells clients where to connect to. */
  publishEndpoints(): Promise<void>;
}

function clusterInitialised({ member }: Pick<PeerChangedFacts, "member">): ChartOutcome {
  return member?.locked === true ? passed : deferred("the cluster has no leader, or Patroni does not answer");
}

const countMembers: Pick<Deed<ClusterPort>, "perform" | "failed"> = {
  perform: async (port) => port.countMembers(),
  failed: "failed to update the synchronous settings",
};
const keepMembers: Pick<Deed<ClusterPort>, "perform"> = {
  perform: async (port) => port.keepMembers(),
};
const publishEndpoints: Pick<Deed<ClusterPort>, "perform"> = {
  perform: async (port) => port.publishEndpoints(),
};

/** The boxes of peer-relation-changed, in order. */
export const peerChangedChart: readonly (Decision<PeerChangedFacts> | Deed<ClusterPort>)[] = [
  {
    name: "does-patroni-answer",
    decide: ({ member }) => (member === undefined ? passed : goesOn("has-cluster-initialised")),
  },
  {
    // The primary may be another one by now, and clients must not wait for this member.
    name: "tell-of-another-primary",
    ...publishEndpoints,
  },
  {
    name: "has-cluster-initialised",
    chart: "Has cluster initialised?",
    decide: clusterInitialised,
  },
  {
    name: "is-leader",
    chart: "Is current unit leader?",
    decide: ({ isLeader }) => (isLeader ? passed : goesOn("is-unit-part-of-cluster")),
  },
  {
    name: "are-all-units-part-of-cluster",
    chart: "Are all the units part of the cluster?",
    decide: ({ unlisted, isSynchronousFitting }) =>
      unlisted.length === 0 && isSynchronousFitting ? goesOn("is-unit-part-of-cluster") : passed,
  },
  {
    name: "are-all-members-ready",
    chart: "Are all cluster members ready?",
    decide: ({ unready }) =>
      unready.length === 0 ? passed : deferred(`${unready.join(", ")} neither runs nor streams`),
  },
  {
    name: "add-unit-to-cluster",
    chart: "Add unit to cluster",
    ...countMembers,
  },
  {
    name: "patch-pod-labels",
    chart: "Patch pod labels of the new cluster member",
    decide: notApplicable("a machine has no labels"),
  },
  {
    name: "is-unit-part-of-cluster",
    chart: "Is current unit part of the cluster?",
    decide: ({ isListed }) => (isListed ? passed : returned("Patroni does not list this unit's member")),
  },
  {
    name: "update-config",
    chart: "Update Patroni and PostgreSQL config",
    ...keepMembers,
  },
  {
    name: "restart-postgresql",
    chart: "Restart PostgreSQL if TLS is turned on/off",
    decide: notApplicable(
      "PostgreSQL's own TLS is its admin's; the chart of pgBackRest's TLS server comes next",
    ),
  },
  {
    name: "has-member-started",
    chart: "Have Patroni and PostgreSQL started in the current unit?",
    decide: ({ member }) =>
      member !== undefined && /^(running|streaming)$/.test(member.state)
        ? passed
        : deferred("PostgreSQL does not run on this unit"),
  },
  {
    name: "update-read-only-endpoint",
    chart: "Update the read-only endpoint in the database relation",
    ...publishEndpoints,
  },
  {
    name: "set-active",
    chart: "Set Active Status",
    decide: notApplicable("the charm shows Active where nobody has anything to say"),
  },
];

/** The boxes of peer-relation-departed, in order. */
export const peerDepartedChart: readonly (Decision<PeerDepartedFacts> | Deed<ClusterPort>)[] = [
  {
    name: "is-leader-and-is-not-departing",
    chart: "Is leader and is not departing?",
    decide: ({ isLeader, isOwnDeparture }) => {
      if (isOwnDeparture) return returned("this unit goes itself");
      return isLeader ? passed : returned("the leader does it");
    },
  },
  {
    name: "has-cluster-initialised",
    chart: "Has cluster initialised?",
    decide: clusterInitialised,
  },
  {
    name: "update-read-only-endpoint",
    chart: "Update the read-only endpoint in the database relation",
    ...publishEndpoints,
  },
  {
    name: "remove-departing-units",
    chart: "Remove departing units from the cluster",
    ...keepMembers,
  },
  {
    name: "update-config",
    chart: "Turn on/off PostgreSQL synchronous_commit configuration",
    ...countMembers,
  },
];

/**
 * Walks through peer-relation-changed.
 *
 * @param note Called with the name of each box that is come to.
 */
export async function walkPeerChanged(
  facts: PeerChangedFacts,
  port: ClusterPort,
  note?: (name: string) => void,
): Promise<WalkEnd> {
  return walkBoxes(peerChangedChart, facts, () => port, note);
}

/**
 * Walks through peer-relation-departed.
 *
 * @param note Called with the name of each box that is come to.
 */
export async function walkPeerDeparted(
  facts: PeerDepartedFacts,
  port: ClusterPort,
  note?: (name: string) => void,
): Promise<WalkEnd> {
  return walkBoxes(peerDepartedChart, facts, () => port, note);
}
