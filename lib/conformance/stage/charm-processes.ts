/**
 * Looks at the processes of a charm: which there are, and whether they wait or want to run.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { processStat } from "../../testing/processes/process-stat.ts";
import { survivingProcesses } from "../../testing/processes/surviving-processes.ts";

/** A process of a charm at one moment. */
export interface CharmProcess {
  readonly pid: number;
  /** Whether any of its threads runs, waits for its turn, or for the disk. */
  readonly wantsToRun: boolean;
  /** How long it has run on a processor, in milliseconds. */
  readonly computedMs: number;
}

/** The unit of times in /proc, in milliseconds: that of every Linux that Node runs on. */
const tickMs = 10;
/** Nothing takes longer to be started, on whatever machine. */
const startingMs = 10_000;
const isKernelThread = 0x0020_0000;

/** The processes of a model's charms. A process that has just ended is left out. */
export async function charmProcesses(modelUuid: string): Promise<readonly CharmProcess[]> {
  const pids = await survivingProcesses(modelUuid);
  const found = await Promise.all(pids.map(async (pid) => await look(pid)));
  return found.filter((each) => each !== undefined);
}

/**
 * Whether some process of this user is just being started. While the system loads its program it has no environment, and
 * nobody sees whose it is.
 */
export async function isAnyBeingStarted(): Promise<boolean> {
  const names = await readdir("/proc").catch(() => []);
  const starting = await Promise.all(
    names.map(async (pid) => /^\d+$/.test(pid) && (await isBeingStarted(pid))),
  );
  return starting.includes(true);
}

async function isBeingStarted(pid: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => undefined);
  if (environment !== "") return false;
  const fields = (await processStat(`/proc/${pid}`)) ?? [];
  const [state] = fields;
  const ageMs = uptime() * 1_000 - Number(fields[19]) * tickMs;
  const isOfKernel = (Number(fields[6]) & isKernelThread) !== 0;
  return (state === "R" || state === "D") && !isOfKernel && ageMs < startingMs;
}

/** The process that started a process; 0 where it is gone. */
export async function parentOf(pid: number): Promise<number> {
  return Number((await processStat(`/proc/${pid}`))?.[1] ?? 0);
}

async function look(pid: number): Promise<CharmProcess | undefined> {
  const fields = await processStat(`/proc/${pid}`);
  if (fields === undefined || fields[0] === "Z") return undefined;
  return {
    pid,
    wantsToRun: await wantsToRun(pid),
    computedMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
  };
}

async function wantsToRun(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(
    threads.map(async (thread) => (await processStat(`/proc/${pid}/task/${thread}`))?.[0]),
  );
  return states.some((state) => state === "R" || state === "D");
}
