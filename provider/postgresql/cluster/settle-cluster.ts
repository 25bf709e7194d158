/**
 * Makes a unit a member of its cluster, and follows those that come and go (flowcharts peer-relation-changed and
 * peer-relation-departed), in every dispatch.
 *
 * @module
 */
import type { Juju, UnitStatus } from "../../../lib/juju/juju.ts";
import { archivesToRelated } from "../archiving/archiving-record.ts";
import { refusesClients } from "../backup/member-in-backup.ts";
import type { WalkEnd } from "../checks/chart.ts";
import {
  walkPeerChanged,
  walkPeerDeparted,
  type ClusterPort,
  type PeerChangedFacts,
} from "../checks/peer-relation-checks.ts";
import { failureIn } from "../job-failure.ts";
import type { Settings } from "../options.ts";
import type { Parts } from "../parts.ts";
import type { ClusterMember } from "../patroni/cluster-view.ts";
import { clusterMembers, type DynamicConfig, type MemberState } from "../patroni/patroni.ts";
import { commonNameOf } from "./certificates.ts";
import { exchangeMembers } from "./cluster-peers.ts";
import { endpointsOf, type ClusterEndpoints } from "./endpoints.ts";
import { keepMembers, type KnownMembers } from "./known-members.ts";
import type { MemberRecord } from "./member-record.ts";
import { settleTlsServer } from "./settle-tls-server.ts";
import { synchronousChange } from "./synchronous-settings.ts";

/** What a dispatch knows of the cluster. */
export interface ClusterDispatch {
  readonly juju: Juju;
  /** The peer endpoint of the cluster's units. Not that of the library. Default: `database-peers`. */
  readonly peerEndpoint?: string;
  /** The unit that is going, in its departed hook. */
  readonly departing?: string;
  /**
   * Whether a backup or a restore runs on this unit: a replica lets no clients in meanwhile. Default: only what is found out
   * of that here, which may be late.
   */
  readonly isJobUnderWay?: boolean;
  /**
   * Tells the clients where to connect to. Called on the leader, in every dispatch in which the cluster has a primary; it
   * writes what is new. Default: nobody is told.
   */
  readonly publish?: (endpoints: ClusterEndpoints) => Promise<void>;
}

const memberTimeoutMs = 900;

/** What is found out of the cluster in one dispatch. */
interface ClusterState {
  readonly own: MemberRecord;
  readonly known: KnownMembers;
  readonly isLeader: boolean;
  readonly member: MemberState | undefined;
  readonly members: readonly ClusterMember[];
  /** What has to be changed in Patroni's dynamic configuration, for the leader. */
  readonly change: DynamicConfig | undefined;
}

/**
 * Tells the other units of this one, learns of them, walks through the charts, and starts or stops the TLS server.
 *
 * @returns The status to show where Patroni knows this unit's member by another name; undefined where there is nothing to say.
 * @throws ExecutorError `tls-certificate-unusable`, `tls-server-failed`
 */
export async function settleCluster(
  parts: Parts,
  dispatch: ClusterDispatch,
): Promise<UnitStatus | undefined> {
  const { juju, departing } = dispatch;
  const state = await gather(parts, dispatch);
  const { known, isLeader, member } = state;
  const port = clusterPort(parts, state, dispatch);
  const tell = async (end: WalkEnd): Promise<void> => {
    if (end.kind === "failed") await juju.log("WARNING", `${end.failure.message} ${end.failure.remedy}`);
  };
  if (departing !== undefined)
    await tell(await walkPeerDeparted({ member, isLeader, isOwnDeparture: departing === juju.unit }, port));
  const facts = changedFacts(state);
  await tell(await walkPeerChanged(facts, port));
  await settleTlsServer(parts, known, async (line) => juju.log("INFO", line));
  const isMisnamed = !facts.isListed && state.members.length > 0 && isInStep(member?.state);
  return isMisnamed
    ? { name: "waiting", message: `Patroni lists no member ${state.own.member}: check the member's name` }
    : undefined;
}

async function gather(
  { settings, patroni }: Parts,
  { juju, peerEndpoint = "database-peers", departing, isJobUnderWay = false }: ClusterDispatch,
): Promise<ClusterState> {
  const isLeader = await juju.isLeader();
  const member = await patroni.member(memberTimeoutMs);
  const listed = member === undefined ? [] : await patroni.cluster().catch(() => []);
  const own = await describeMember(settings, listed, isJobUnderWay);
  const known = await exchangeMembers(juju, peerEndpoint, own, departing);
  const members = member === undefined && isLeader ? await askOthers(known) : listed;
  const wish = settings.patroni.synchronousReplicas;
  // A Patroni that does not tell its configuration now does so in another dispatch.
  const config =
    isLeader && wish !== undefined && member !== undefined ? await patroni.config().catch(() => ({})) : {};
  const change = synchronousChange(config, wish, 1 + Object.keys(known.others).length);
  return { own, known, isLeader, member, members, change };
}

/** What the Patroni of another unit says of the cluster, whichever answers first; nobody where none does. */
async function askOthers({ others }: KnownMembers): Promise<readonly ClusterMember[]> {
  for (const { apiUrl } of Object.values(others)) {
    const url = apiUrl === undefined ? undefined : new URL("/", apiUrl).href;
    const members = url === undefined ? [] : await clusterMembers(url, memberTimeoutMs);
    if (members.length > 0) return members;
  }
  return [];
}

function changedFacts({ own, known, isLeader, member, members, change }: ClusterState): PeerChangedFacts {
  const units = [...Object.values(known.others), own];
  const states = new Map(members.map(({ name, state }) => [name, state]));
  return {
    member,
    isLeader,
    unlisted: units.filter((unit) => !states.has(unit.member)).map((unit) => unit.member),
    isSynchronousFitting: change === undefined,
    unready: units
      .filter((unit) => states.has(unit.member) && !isInStep(states.get(unit.member)))
      .map((unit) => unit.member),
    isListed: states.has(own.member),
  };
}

function isInStep(state: string | undefined): boolean {
  return state === "running" || state === "streaming";
}

function clusterPort(
  { settings, patroni }: Parts,
  { own, known, isLeader, member, members, change }: ClusterState,
  { juju, publish }: ClusterDispatch,
): ClusterPort {
  let isCounted = change === undefined;
  let isPublished = !isLeader || publish === undefined;
  return {
    countMembers: async () => {
      if (isCounted || change === undefined) return undefined;
      const failure = await failureIn(async () => patroni.patchConfig(change));
      isCounted = failure === undefined;
      if (isCounted)
        await juju.log("INFO", `Patroni's settings follow the number of units: ${JSON.stringify(change)}.`);
      return failure;
    },
    keepMembers: async () => keepMembers(settings, known),
    publishEndpoints: async () => {
      const units = [own, ...Object.values(known.others)];
      const endpoints = isPublished ? undefined : endpointsOf(members, units, member?.serverVersion);
      if (endpoints === undefined || publish === undefined) return;
      isPublished = true;
      await publish(endpoints);
    },
  };
}

/** What this unit tells the others of itself. */
async function describeMember(
  settings: Settings,
  listed: readonly ClusterMember[],
  isJobUnderWay: boolean,
): Promise<MemberRecord> {
  const { patroni, postgresql, tls } = settings;
  // A Patroni that is down has told before where it answers, and nobody asks it now.
  const apiUrl = listed.find(({ name }) => name === patroni.member)?.apiUrl;
  const { dataDirectory, socketDirectory, port, user } = postgresql;
  const commonName = await commonNameOf(tls);
  return {
    member: patroni.member,
    configFile: tls?.configFile ?? settings.files.archiveConfig,
    dataDirectory,
    socketDirectory,
    port,
    user,
    ...((await archivesToRelated(settings)) ? { archives: true } : {}),
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(isJobUnderWay || (await refusesClients(settings)) ? { refusesClients: true } : {}),
    ...(tls === undefined || commonName === undefined
      ? {}
      : { tls: { address: tls.address, port: tls.port, commonName } }),
  };
}
