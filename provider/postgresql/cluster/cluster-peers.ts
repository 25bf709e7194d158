/**
 * What the units of a cluster tell each other in the databags of their own peer relation.
 *
 * @module
 */
import type { Juju } from "../../../lib/juju/juju.ts";
import type { KnownMembers } from "./known-members.ts";
import { formatMember, parseMember, type MemberRecord } from "./member-record.ts";

const key = "pgbackrest-member";

/**
 * Tells the others of this unit, and learns of them.
 *
 * @param endpoint The peer endpoint of the cluster's units.
 * @param departing The unit that is going, which counts no more.
 */
export async function exchangeMembers(
  juju: Juju,
  endpoint: string,
  own: MemberRecord,
  departing?: string,
): Promise<KnownMembers> {
  const plannedUnits = Math.max(1, (await juju.goalState()).units.length);
  const [relation] = await juju.relationIds(endpoint);
  if (relation === undefined) return { plannedUnits, others: {} };
  const text = formatMember(own);
  const said = await juju.readUnitDatabag(relation, juju.unit);
  if (said[key] !== text) await juju.writeUnitDatabag(relation, { [key]: text });
  const others: Record<string, MemberRecord> = {};
  for (const unit of (await juju.relationUnits(relation)).toSorted()) {
    if (unit === departing) continue;
    const record = parseMember((await juju.readUnitDatabag(relation, unit))[key]);
    if (record !== undefined) others[unit] = record;
  }
  return { plannedUnits, others };
}
