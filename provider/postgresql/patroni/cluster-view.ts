/**
 * What Patroni says of the whole cluster (`GET /cluster`). Pure.
 *
 * @module
 * @see https://patroni.readthedocs.io/en/latest/rest_api.html#cluster-status-endpoint
 */
import { isJsonRecord, type JsonRecord } from "../json-record.ts";

/** A member, as the DCS knows it. */
export interface ClusterMember {
  readonly name: string;
  /** For example `leader`, `sync_standby`, `replica`. */
  readonly role: string;
  /** For example `running`, `streaming`, `starting`. */
  readonly state: string;
  readonly timeline: number | undefined;
  readonly tags: JsonRecord;
  /** Where its Patroni answers, for example `http://10.0.0.1:8008/patroni`; absent where it is not told. */
  readonly apiUrl?: string;
}

/** The members in Patroni's answer. */
export function parseCluster(answer: JsonRecord): readonly ClusterMember[] {
  const members: readonly unknown[] = Array.isArray(answer["members"]) ? answer["members"] : [];
  return members.filter(isJsonRecord).map((member) => ({
    name: text(member["name"]),
    role: text(member["role"]),
    state: text(member["state"]),
    timeline: typeof member["timeline"] === "number" ? member["timeline"] : undefined,
    tags: isJsonRecord(member["tags"]) ? member["tags"] : {},
    ...(typeof member["api_url"] === "string" ? { apiUrl: member["api_url"] } : {}),
  }));
}

/** The member that leads; undefined where none does. */
export function leaderOf(members: readonly ClusterMember[]): ClusterMember | undefined {
  return members.find(({ role }) => role === "leader" || role === "master" || role === "standby_leader");
}

/** Whether a member is a replica that keeps up. Patroni calls it running before version 3.0.3, streaming since. */
export function isReplicaInStep({ role, state }: ClusterMember): boolean {
  return (role === "replica" || role === "sync_standby") && (state === "running" || state === "streaming");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
