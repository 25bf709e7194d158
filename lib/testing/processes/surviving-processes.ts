/**
 * Finds processes that a charm left behind: those which still bear the model's UUID in their environment.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { processStat } from "./process-stat.ts";
import { errnoOf } from "../../process/errno.ts";

/** The processes of a model that live, by their ids. Empty where there is no /proc. */
export async function survivingProcesses(modelUuid: string): Promise<readonly number[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => /^[0-9]+$/u.test(name) && name !== String(process.pid))
      .map(async (name) => {
        const environment = await readFile(`/proc/${name}/environ`, "utf8").catch(() => "");
        return environment.split("\0").includes(`JUJU_MODEL_UUID=${modelUuid}`) ? Number(name) : undefined;
      }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** Kills the processes that a charm left behind with their groups, and those that they start meanwhile. */
export async function killSurvivingProcesses(modelUuid: string): Promise<void> {
  // Whoever runs this may be started by a charm's test, and bear its environment.
  const own = await groupOf(process.pid);
  for (let round = 0; round < 20; round += 1) {
    const survivors = await survivingProcesses(modelUuid);
    if (survivors.length === 0) return;
    const groups = await Promise.all(survivors.map(async (pid) => await groupOf(pid)));
    for (const group of new Set(groups)) if (group > 1 && group !== own) kill(-group);
    for (const pid of survivors) kill(pid);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** The process group of a process; 0 where it is gone. */
async function groupOf(pid: number): Promise<number> {
  return Number((await processStat(`/proc/${pid}`))?.[2] ?? 0);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
