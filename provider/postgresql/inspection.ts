/**
 * Work with a repository through a configuration of its own, which holds keys and is there for a moment only.
 *
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { StorageConfig } from "../../lib/job/storage-config.ts";
import { identifyProcess } from "../../lib/machine/process-identity.ts";
import type { Parts } from "./parts.ts";
import { PgBackRest } from "./pgbackrest/pgbackrest.ts";
import { endPgBackRest } from "./processes.ts";

/** Works with a repository through a configuration of its own, which is removed afterwards. */
export async function inspect<T>(
  { settings, user }: Pick<Parts, "settings" | "user">,
  storage: StorageConfig,
  work: (pgbackrest: PgBackRest) => Promise<T>,
): Promise<T> {
  const { pid, startTime } = (await identifyProcess(process.pid)) ?? { pid: process.pid, startTime: "0" };
  const name = `inspect-${pid}-${startTime}-${(inspections += 1)}.conf`;
  const pgbackrest = await PgBackRest.configure(
    settings,
    user,
    join(settings.files.pgbackrest, name),
    storage,
  );
  try {
    return await work(pgbackrest);
  } finally {
    await pgbackrest.forget();
  }
}

let inspections = 0;

/**
 * Ends the inspections whose process is gone: the pgBackRest that they had started, and their configuration, which holds
 * keys. Those of others, an action for example, go on.
 *
 * @returns how many pgBackRest processes there were.
 */
export async function endInspections(folder: string): Promise<number> {
  let ended = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const match = /^(inspect-(\d+)-(\d+)-\d+\.conf)/.exec(name);
    if (match === null) continue;
    const [, file = "", pid, startTime] = match;
    if ((await identifyProcess(Number(pid)))?.startTime === startTime) continue;
    ended += await endPgBackRest(join(folder, file));
    await rm(join(folder, name), { force: true });
  }
  return ended;
}
