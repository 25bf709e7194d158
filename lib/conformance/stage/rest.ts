/**
 * Waits until nothing more comes by itself: no hook is due, and whatever the charm left running waits for the kit.
 *
 * It looks at processes, not at the clock: how fast the machine is does not matter, unless a charm leaves something
 * running for good. Only then it goes by how long nothing has changed.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { survivingProcesses } from "../../testing/processes/surviving-processes.ts";
import type { SimulatedJuju } from "../../testing/simulated-juju.ts";
import { SimulationError } from "../../testing/simulation-error.ts";
import type { Observer } from "../observation/observer.ts";
import type { Recording } from "./recording.ts";

/** How long the kit waits, in milliseconds. */
export interface Limits {
  /** For a change, while something of the charm runs that never ends. Default: 5,000. */
  readonly patienceMs: number;
  /** For the end of a hook. Default: 60,000. */
  readonly hookMs: number;
}

/** The limits, unless others are given. */
export const defaultLimits: Limits = { patienceMs: 5_000, hookMs: 60_000 };

/** What waiting needs. */
export interface Waited {
  readonly juju: SimulatedJuju;
  readonly recording: Recording;
  readonly observer: Observer;
  readonly limits: Limits;
}

const sliceMs = 50;

/**
 * Waits for rest.
 *
 * @returns The units with a hook that does not end; none where there is rest.
 */
export async function rest({ juju, recording, observer, limits }: Waited): Promise<readonly string[]> {
  let since = performance.now();
  let changes = -1;
  let quietLooks = 0;
  for (;;) {
    const isBusy = await isStillBusy(juju);
    recording.look();
    observer.reap();
    if (recording.trace.length !== changes) {
      changes = recording.trace.length;
      since = performance.now();
    }
    const held = observer.open.map(({ pid }) => pid);
    // To look through all processes of a machine takes its time: it is done when that can make a difference.
    const isQuiet = (!isBusy || held.length > 0) && (await isAllQuiet(juju.modelUuid, isBusy, held));
    // A process that is being started may not be seen at the first look.
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    if (quietLooks > 1) return [];
    const waited = performance.now() - since;
    if (isBusy && held.length === 0 && waited > limits.hookMs) return executingUnits(juju);
    if ((!isBusy || held.length > 0) && waited > limits.patienceMs) return [];
    await sleep(isQuiet ? 5 : 25);
  }
}

/** The units that run a hook right now. */
export function executingUnits(juju: SimulatedJuju): readonly string[] {
  return Object.values(juju.status().applications).flatMap(({ units }) =>
    Object.entries(units).flatMap(([unit, { agent }]) => (agent.name === "executing" ? [unit] : [])),
  );
}

async function isStillBusy(juju: SimulatedJuju): Promise<boolean> {
  try {
    await juju.settle({ allowErrors: true, timeoutMs: sliceMs });
    return false;
  } catch (error) {
    if (error instanceof SimulationError) return true;
    throw error;
  }
}

/** Whether nothing of a model runs but what waits for a call that is held open. */
async function isAllQuiet(modelUuid: string, isBusy: boolean, held: readonly number[]): Promise<boolean> {
  const running = await survivingProcesses(modelUuid);
  return running.length === 0 ? !isBusy : await areAllAbove(running, held);
}

/** Whether each process is one of those that are held, or one that stands above such a one. */
async function areAllAbove(running: readonly number[], held: readonly number[]): Promise<boolean> {
  const waiting = new Set<number>();
  for (const pid of held) {
    for (let each = pid; each > 1 && !waiting.has(each); each = await parentOf(each)) waiting.add(each);
  }
  return running.every((pid) => waiting.has(pid));
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in parentheses may hold blanks and parentheses of its own.
  const [, parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(parent);
}
