/**
 * Gathers what a backup has to know of the other members.
 *
 * @module
 */
import { isReplicaInStep, leaderOf, type ClusterMember } from "../patroni/cluster-view.ts";
import type { MemberState } from "../patroni/patroni.ts";
import type { Parts } from "../parts.ts";
import { commonNameOf } from "./certificates.ts";
import { readMembers } from "./known-members.ts";
import type { MemberRecord } from "./member-record.ts";
import { answersPing, ownAddress } from "./tls-server.ts";

/** The cluster, as a backup sees it. */
export interface ClusterFacts {
  /** How many units the application is to have, this one included. */
  readonly plannedUnits: number;
  /** Whether key, certificate and authority are there. */
  readonly isTlsEnabled: boolean;
  /** The units of the replicas that could make the backup: they keep up, have TLS, and archive. */
  readonly readyReplicas: readonly string[];
  /** The member that leads; undefined where none does, or Patroni was not asked. */
  readonly leader: ClusterMember | undefined;
  /** The leader, as its unit describes itself; undefined where it does not, or is this unit. */
  readonly primary: MemberRecord | undefined;
  /** Whether the primary's TLS server answers; undefined where this unit is the primary. */
  readonly isPrimaryServing: boolean | undefined;
}

/** Gathers. */
export async function gatherClusterFacts(
  { settings, user, patroni }: Parts,
  member: MemberState | undefined,
): Promise<ClusterFacts> {
  const { plannedUnits, others } = await readMembers(settings);
  const members = member === undefined ? [] : await patroni.cluster();
  const isTlsEnabled = (await commonNameOf(settings.tls)) !== undefined;
  const leader = leaderOf(members);
  const inStep = new Set(members.filter(isReplicaInStep).map(({ name }) => name));
  // None of them could reach this primary while its own TLS server does not answer.
  const { tls } = settings;
  const isServed = isTlsEnabled && tls !== undefined && member?.isPrimary === true;
  const isReached = isServed && (await answersPing(settings, user, ownAddress(tls)));
  const readyReplicas = Object.entries(isReached ? others : {})
    .filter(([, other]) => other.tls !== undefined && other.archives === true && inStep.has(other.member))
    .map(([unit]) => unit);
  const primary = Object.values(others).find((other) => other.member === leader?.name);
  const asksPrimary = isTlsEnabled && member?.isPrimary === false;
  return {
    plannedUnits,
    isTlsEnabled,
    readyReplicas,
    leader,
    primary,
    isPrimaryServing: asksPrimary
      ? primary?.tls !== undefined && (await answersPing(settings, user, primary.tls))
      : undefined,
  };
}
