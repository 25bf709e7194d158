/**
 * Processes that are killed in the middle of a backup, as by a machine that runs out of memory.
 *
 * @module
 */
import { type FaultStand, withoutId } from "./fault-stand.ts";
import type { Fault, Shown } from "./fault.ts";
import { freezeWhileCopying, isCopier, signalAll, thaw } from "./pgbackrest-at-work.ts";

/** Processes that are killed. */
export const processFaults: readonly Fault[] = [
  {
    name: "worker-killed",
    title: "The worker is killed in the middle of a backup",
    inject: async (stand) =>
      await inMidBackup(stand, async (processes, worker) => {
        process.kill(worker, "SIGKILL");
        thaw(processes);
      }),
    ends: ["lost worker-lost"],
  },
  {
    name: "pgbackrest-killed",
    title: "pgBackRest is killed in the middle of a backup, and the processes that copy for it are left",
    isQuick: true,
    inject: async (stand) =>
      await inMidBackup(stand, async (processes) => {
        signalAll(
          processes.filter((each) => !isCopier(each)),
          "SIGKILL",
        );
        thaw(processes);
      }),
    ends: ["failed pgbackrest-killed"],
  },
];

/** Requests a backup, and does something while it copies and nothing of it moves. */
async function inMidBackup(
  stand: FaultStand,
  deed: (processes: Awaited<ReturnType<typeof freezeWhileCopying>>, worker: number) => Promise<void>,
): Promise<readonly Shown[]> {
  const job = await stand.request("create-backup");
  const processes = await freezeWhileCopying(stand.servers.directory);
  await deed(processes, await stand.worker(job));
  return [withoutId(await stand.ended(job))];
}
