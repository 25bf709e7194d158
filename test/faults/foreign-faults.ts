/**
 * Repositories that are another cluster's.
 *
 * @module
 */
import type { Fault } from "./fault.ts";
import type { FaultStand } from "./fault-stand.ts";
import { makeForeignRepository } from "./foreign-repository.ts";

/** Repositories that are another cluster's. */
export const foreignFaults: readonly Fault[] = [
  {
    name: "other-cluster",
    title: "The storage's path is one at which another cluster has backups under the same name",
    inject: async (stand) => {
      await makeForeignRepository(stand, "/theirs");
      await stand.configureStorage({ path: "/theirs" });
      return [await stand.status("blocked"), await stand.job("create-backup")];
    },
    ends: ["blocked", "rejected archive-storage-differs"],
    remedy: /the storage that this cluster archives to/,
    heal: returnToOwnPath,
  },
  {
    name: "other-version",
    title: "A backup of PostgreSQL 14 is to be restored to PostgreSQL 15",
    inject: async (stand) => {
      const backup = await makeForeignRepository(stand, "/fourteen", "14");
      await stand.configureStorage({ path: "/fourteen" });
      return [await stand.job("restore", { "backup-id": backup })];
    },
    ends: ["rejected restore-version-differs"],
    remedy: /unit that runs PostgreSQL 14/,
    heal: returnToOwnPath,
  },
];

async function returnToOwnPath(stand: FaultStand): Promise<void> {
  await stand.configureStorage({ path: "/demo" });
  await stand.status("active");
}
