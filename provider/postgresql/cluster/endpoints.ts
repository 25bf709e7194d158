/**
 * Where clients connect to. Pure.
 *
 * @module
 */
import { isReplicaInStep, type ClusterMember, type MemberAddress } from "../patroni/cluster-view.ts";
import type { MemberRecord } from "./member-record.ts";

/** Where clients connect to, each a list of `host:port` divided by commas. */
export interface ClusterEndpoints {
  /** The primary. */
  readonly endpoints: string;
  /** The replicas that clients may use; the primary where there is none. */
  readonly readOnlyEndpoints: string;
  /** PostgreSQL's version, for example `15.7`; undefined where Patroni does not tell it. */
  readonly version: string | undefined;
}

/**
 * Derives the endpoints. A replica is among them while it keeps up, a unit of the application stands behind it, it lets
 * clients in, and Patroni's tags do not keep load away from it.
 *
 * @param units The units of the application, those that are going left out, as they describe themselves.
 * @returns Undefined where there is no primary that takes writes: what was told before stands.
 */
export function endpointsOf(
  members: readonly ClusterMember[],
  units: readonly MemberRecord[],
  serverVersion: number | undefined,
): ClusterEndpoints | undefined {
  const primary = members.find(({ role }) => role === "leader" || role === "master")?.address;
  if (primary === undefined) return undefined;
  const open = new Set(units.filter((unit) => unit.refusesClients !== true).map(({ member }) => member));
  const replicas = members
    .filter((each) => isReplicaInStep(each) && open.has(each.name) && each.tags["noloadbalance"] !== true)
    .flatMap(({ address }) => (address === undefined ? [] : [formatAddress(address)]))
    .toSorted();
  return {
    endpoints: formatAddress(primary),
    readOnlyEndpoints: replicas.length === 0 ? formatAddress(primary) : replicas.join(","),
    version: formatVersion(serverVersion),
  };
}

function formatAddress({ host, port }: MemberAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** PostgreSQL counts its minor versions in the last four digits. */
function formatVersion(serverVersion: number | undefined): string | undefined {
  return serverVersion === undefined
    ? undefined
    : `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;
}
