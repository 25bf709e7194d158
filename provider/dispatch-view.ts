/**
 * Everything that a dispatch of the provider reads, once, before it writes anything.
 *
 * @module
 */
import type { JobReport } from "../lib/job/report.ts";
import type { StorageConfig } from "../lib/job/storage-config.ts";
import type { JujuEvent } from "../lib/juju/event.ts";
import type { Databag, Juju } from "../lib/juju/juju.ts";
import { readRemoteApplication } from "../lib/juju/remote-application.ts";
import { decodeReports } from "../lib/wire/reports.ts";
import { decodeRequests } from "../lib/wire/requests.ts";
import { actionRelation, type AskedJob, type UnitRecord } from "./coordination/peer-records.ts";
import { RequestsSeen, type RelationRequests } from "./coordination/requests-seen.ts";
import type { Rules } from "./coordination/rules.ts";
import { PeerFile, PeerRelation, type Peers, type PeersRead } from "./peers.ts";
import { withSecretCredentials } from "./secret-credentials.ts";
import type { StateDirectory } from "./journal/state-directory.ts";

/** One relation with a backup manager, and the databags as they were read. */
export interface RelationRead {
  readonly requests: RelationRequests;
  /** What stands in this unit's own databag. */
  readonly reports: readonly JobReport[];
  readonly unitDatabag: Databag;
  /** Absent on a unit that does not lead, which may not read it. */
  readonly applicationDatabag?: Databag;
}

/** What a dispatch read of Juju. */
export interface DispatchView {
  readonly isLeader: boolean;
  /** How many units Juju plans. */
  readonly planned: number;
  /** The units that Juju knows of, this one and those that are being removed included: they may be at work. */
  readonly expected: ReadonlySet<string>;
  readonly relations: readonly RelationRead[];
  /** Absent where jobs cannot be run: a charm that plans more units has no peer relation. */
  readonly peers?: { readonly databags: Peers; readonly read: PeersRead };
  /** The requests that stand, those of the application's own actions among them. */
  readonly requests: RequestsSeen;
}

/** What is read, and of whom. */
export interface DispatchReading {
  readonly juju: Juju;
  readonly event: JujuEvent;
  readonly endpoint: string;
  readonly peerEndpoint: string;
  readonly archiveStorage: StorageConfig | undefined;
  readonly state: StateDirectory;
  readonly rules: Rules;
}

/**
 * Reads everything that stands in databags of relations with backup managers, and finds the peers.
 *
 * @param leads Whether this unit leads: asked before, since what the leader reads must be newer than the answer.
 * @throws HookToolError where anything cannot be read: what is not known must not be taken for nothing.
 */
export async function readDispatch(reading: DispatchReading, leads: Promise<boolean>): Promise<DispatchView> {
  const { juju, event, endpoint, rules } = reading;
  // Before the databags: what is expected and not seen there may be on its way.
  const [isLeader, goal, ids, peerIds] = await Promise.all([
    leads,
    juju.goalState(),
    juju.relationIds(endpoint),
    juju.relationIds(reading.peerEndpoint),
  ]);
  const standing = ids.filter((id) => rules.readsRelationOf(event, id));
  const databags = peersOf(reading, peerIds[0], goal.units);
  const [relations, read] = await Promise.all([
    Promise.all(standing.map(async (id) => await readRelation(juju, id, isLeader, rules))),
    databags?.read(isLeader),
  ]);
  const about = event.kind === "relation" ? event.relationId : undefined;
  const broken = about === undefined || rules.readsRelationOf(event, about) ? undefined : about;
  const expected = new Set([...goal.units, ...goal.dying]);
  return {
    isLeader,
    planned: goal.units.length,
    expected,
    relations,
    ...(databags === undefined || read === undefined ? {} : { peers: { databags, read } }),
    requests: new RequestsSeen({
      relations: [...relations.map(({ requests }) => requests), ...askedRequests(read, reading)],
      expected: new Set(goal.related[endpoint]),
      ...(broken === undefined ? {} : { broken }),
      askers: { read: askersRead(read, juju.unit), expected },
    }),
  };
}

function peersOf(
  { juju, state, rules }: DispatchReading,
  relation: string | undefined,
  planned: readonly string[],
): Peers | undefined {
  if (relation !== undefined) return new PeerRelation(juju, relation, state, rules);
  // Of two units of which one goes away, each would find one that is planned: only the other's absence makes one alone.
  const isAlone = planned.every((unit) => unit === juju.unit);
  return isAlone ? new PeerFile(state, juju.unit) : undefined;
}

async function readRelation(juju: Juju, id: string, isLeader: boolean, rules: Rules): Promise<RelationRead> {
  const [remote, unitDatabag, applicationDatabag] = await Promise.all([
    readRemoteApplication(juju, id).catch((error: unknown) => {
      if (rules.failsOnUnreadable()) throw error;
      return { application: "", databag: {} };
    }),
    juju.readUnitDatabag(id, juju.unit),
    isLeader ? juju.readApplicationDatabag(id, juju.application) : undefined,
  ]);
  const { application, databag } = remote;
  const decoded = decodeRequests(databag);
  return {
    requests: {
      relation: id,
      application,
      ...decoded,
      ...(await withSecretCredentials(juju, decoded.requests)),
    },
    reports: decodeReports(unitDatabag).reports,
    unitDatabag,
    ...(applicationDatabag === undefined ? {} : { applicationDatabag }),
  };
}

/** The requests of actions, one group for each unit whose action asked. */
function askedRequests(
  read: PeersRead | undefined,
  { juju, archiveStorage }: DispatchReading,
): readonly RelationRequests[] {
  if (archiveStorage === undefined || read === undefined) return [];
  const groups: RelationRequests[] = [];
  const add = (unit: string, record: UnitRecord | undefined): void => {
    if (record === undefined || record.asked.length === 0) return;
    const requests = record.asked.map((job) => withStorage(job, archiveStorage));
    groups.push({ relation: actionRelation, application: unit, requests, rejected: [], problems: [] });
  };
  add(juju.unit, read.own);
  for (const unit of read.listed) add(unit, read.others.get(unit));
  return groups;
}

/** The units whose asked jobs were read: members, and this one. Of a unit that is gone nothing is asked any more. */
function askersRead(read: PeersRead | undefined, self: string): ReadonlySet<string> {
  if (read === undefined) return new Set();
  const { listed, others } = read;
  return new Set([self, ...[...listed].filter((unit) => others.has(unit))]);
}

/** A job that an action asked for, as a request. */
export function withStorage(job: AskedJob, storage: StorageConfig): RelationRequests["requests"][number] {
  return { ...job, storage };
}
