/**
 * For how many replicas a transaction waits, as the number of units changes. Pure.
 *
 * @module
 * @see https://patroni.readthedocs.io/en/latest/replication_modes.html#synchronous-mode
 */
import type { JsonRecord } from "../json-record.ts";

/** For how many replicas a transaction is to wait: for all, for so many that they and the primary are a majority, or for a number. */
export type SynchronousReplicas = "all" | "majority" | number;

const key = "synchronous_node_count";

/**
 * For how many replicas a transaction waits in a cluster of so many units. Never for none: Patroni itself waits for nobody
 * where nobody is there.
 */
export function synchronousNodeCount(wish: SynchronousReplicas, units: number): number {
  const replicas = units - 1;
  const wanted = wish === "all" ? replicas : wish === "majority" ? Math.floor(units / 2) : wish;
  return Math.max(1, Math.min(wanted, replicas));
}

/**
 * What has to be changed in Patroni's dynamic configuration; undefined where it fits, where nothing is wished, and where
 * the synchronous mode is off.
 */
export function synchronousChange(
  config: JsonRecord,
  wish: SynchronousReplicas | undefined,
  units: number,
): JsonRecord | undefined {
  if (wish === undefined || !isOn(config["synchronous_mode"])) return undefined;
  const count = synchronousNodeCount(wish, units);
  return (config[key] ?? 1) === count ? undefined : { [key]: count };
}

/** Patroni 4 has a mode that goes by quorum beside the one that is switched on. */
function isOn(mode: unknown): boolean {
  return mode === true || mode === "on" || mode === "quorum";
}
