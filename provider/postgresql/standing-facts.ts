/**
 * Gathers what is known of a unit's standing. Takes a second at the most: hooks ask for it.
 *
 * @module
 */
import { readArchiver } from "./archiving/archiver-state.ts";
import { archivesToRelated } from "./archiving/archiving-record.ts";
import type { StandingFacts } from "./checks/standing.ts";
import { commonNameOf } from "./cluster/certificates.ts";
import { readMembers } from "./cluster/known-members.ts";
import { takesConnections } from "./cluster/port-probe.ts";
import type { Parts } from "./parts.ts";
import type { Settings } from "./options.ts";
import { leaderOf } from "./patroni/cluster-view.ts";
import { clusterMembers, memberState } from "./patroni/patroni.ts";
import { readDiscarded } from "./restore/restore-journal.ts";

const memberTimeoutMs = 400;
const clusterTimeoutMs = 300;
const connectTimeoutMs = 250;
const archiverTimeoutMs = 400;

/** Gathers. */
export async function gatherStandingFacts({ settings, psql }: Parts): Promise<StandingFacts> {
  const { restUrl } = settings.patroni;
  const discardedBy = (await readDiscarded(settings))?.jobId;
  const member = discardedBy !== undefined ? undefined : await memberState(restUrl, memberTimeoutMs);
  const isTlsEnabled = (await commonNameOf(settings.tls)) !== undefined;
  const isReplica = member !== undefined && !member.isPrimary;
  return {
    discardedBy,
    member,
    isTlsEnabled,
    isArchiving: await archivesToRelated(settings),
    isPrimaryReachable: isReplica && isTlsEnabled ? await isPrimaryReachable(settings) : undefined,
    archiver:
      member?.isPrimary === true
        ? await readArchiver(psql, archiverTimeoutMs).catch(() => undefined)
        : undefined,
  };
}

async function isPrimaryReachable(settings: Settings): Promise<boolean> {
  const leader = leaderOf(await clusterMembers(settings.patroni.restUrl, clusterTimeoutMs));
  const { others } = await readMembers(settings);
  const tls = Object.values(others).find(({ member }) => member === leader?.name)?.tls;
  return tls !== undefined && takesConnections(tls.address, tls.port, connectTimeoutMs);
}
