/**
 * How units stand when they have been set up and nothing was requested yet: found out once, and then given to each world, so
 * that a schedule need not begin with the hooks of an installation.
 */
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import type { MemoryDisk } from "../../lib/testing/in-process/memory-disk.ts";
import type { SimulatedJuju } from "../../lib/testing/simulated-juju.ts";
import type { Board } from "./board.ts";

/** What stands on disks, in peer databags and at the storage. */
export interface Beginning {
  readonly disks: readonly MemoryDisk[];
  /** By owner. */
  readonly databags: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly objects: ReadonlyMap<string, string>;
}

/** Notes how the units of a world stand that has settled. */
export function beginningOf(juju: SimulatedJuju, board: Board, peers: number): Beginning {
  const units = Object.keys(juju.status().applications["database"]?.units ?? {});
  return {
    disks: units.map((unit) => juju.machine(unit).disk),
    databags: new Map([...units, "database"].map((owner) => [owner, juju.databag(peers, owner)])),
    objects: new Map(board.objects),
  };
}

/** Writes in a unit's first hook of the peer relation what it and its leader had written. */
export async function takePlace({ juju, event }: Dispatch, { databags }: Beginning): Promise<void> {
  if (event.kind !== "relation" || event.endpoint !== "database-backup-peers" || event.change !== "created")
    return;
  await juju.writeUnitDatabag(event.relationId, databags.get(juju.unit) ?? {});
  if (await juju.isLeader())
    await juju.writeApplicationDatabag(event.relationId, databags.get(juju.application) ?? {});
}
