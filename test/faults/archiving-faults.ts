/**
 * WAL that is not archived, and a clock that is wrong.
 *
 * @module
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { giveTo } from "../servers/unix-user.ts";
import { setClock } from "./charm-clock.ts";
import type { FaultStand } from "./fault-stand.ts";
import type { Fault } from "./fault.ts";
import { backUpAndRestoreLatest } from "./next-jobs.ts";

/** WAL that is not archived, and a clock that is wrong. */
export const archivingFaults: readonly Fault[] = [
  {
    name: "archive-command-failing",
    title: "A configuration file of Patroni's own has an archive_command that fails",
    inject: async (stand) => {
      await writeOwnConfiguration(stand, true);
      return [await stand.job("create-backup")];
    },
    ends: ["failed archive-command-overridden"],
    remedy: /Remove archive_command from Patroni's own configuration files/,
    heal: async (stand) => await writeOwnConfiguration(stand, false),
    next: backUpAndRestoreLatest,
  },
  {
    name: "clock-wrong",
    title: "The unit's clock is wrong by an hour",
    inject: async (stand) => {
      await setClock(stand.servers.directory, "+1h");
      const shown = await stand.job("create-backup");
      return [shown];
    },
    ends: ["rejected repository-unreadable"],
    remedy: /clock/,
    heal: async ({ servers }) => await setClock(servers.directory, undefined),
  },
];

/** Gives Patroni a file of an admin's own, or takes it away. */
async function writeOwnConfiguration({ node }: FaultStand, present: boolean): Promise<void> {
  const { configDirectory, restUrl, user } = node.patroni;
  const file = join(configDirectory, "own.yml");
  if (present) {
    await writeFile(file, JSON.stringify({ postgresql: { parameters: { archive_command: "/bin/false" } } }));
    await giveTo(user, file);
  } else await rm(file);
  await fetch(`${restUrl}/reload`, { method: "POST" });
}
