/**
 * Waits until nothing more comes by itself: no hook is due, and whatever the charm left running waits for the kit.
 *
 * It looks at processes, not at the clock: how fast the machine is does not matter, unless a charm leaves something
 * running for good. Only then it goes by how long nothing has changed, in the {@link CharmTime time of the charm}.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedJuju } from "../../testing/simulated-juju.ts";
import { SimulationError } from "../../testing/simulation-error.ts";
import type { Observer } from "../observation/observer.ts";
import { charmProcesses, isAnyBeingStarted, parentOf, type CharmProcess } from "./charm-processes.ts";
import { CharmTime } from "./charm-time.ts";
import type { Recording } from "./recording.ts";

/** How long the kit waits, in milliseconds of the charm's time. */
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
  readonly signal: AbortSignal;
}

/** What became of waiting. */
export interface Rest {
  /** The units with a hook that does not end; none where there is rest. */
  readonly hung: readonly string[];
  /** Whether hooks come that bring about the next ones, without end. */
  readonly isEndless: boolean;
  /** Whether something of the charm still ran when the kit had waited long enough. */
  readonly stillRuns: boolean;
}

const sliceMs = 50;
/** For a change, while a call is held that another than the charm has made. */
const elsewhereMs = 2_000;
const atRest: Rest = { hung: [], isEndless: false, stillRuns: false };
const hasty: Rest = { ...atRest, stillRuns: true };
/** No change brings about so many hooks in a charm that comes to rest. */
const mostHooks = 150;

/** Waits for rest. @throws The reason of the signal. */
export async function rest({ juju, recording, observer, limits, signal }: Waited): Promise<Rest> {
  const time = new CharmTime();
  const hooksBefore = juju.hooksRun().length;
  let looked = performance.now();
  let changes = -1;
  let quietLooks = 0;
  for (let turn = 0; ; turn += 1) {
    signal.throwIfAborted();
    const hasHooks = await isBusy(juju, sliceMs);
    recording.look();
    observer.reap();
    if (recording.trace.length !== changes) {
      changes = recording.trace.length;
      time.reset();
    }
    if (juju.hooksRun().length - hooksBefore > mostHooks || recording.isFull) {
      return { ...hasty, isEndless: true };
    }
    const held = observer.open.map(({ pid }) => pid);
    // To look through all processes of a machine takes its time: it is done when that can make a difference.
    const isHookAlone = hasHooks && held.length === 0;
    if (isHookAlone && turn % 5 !== 0) {
      await sleep(25);
      continue;
    }
    const running = await charmProcesses(juju.modelUuid);
    const now = performance.now();
    time.pass(now - looked, running);
    looked = now;
    const above = await allAbove(held);
    const isQuiet = !isHookAlone && (await isAllQuiet(running, hasHooks, above));
    // A process may start another one, and end, while the kit looks.
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    if (quietLooks > 1) return atRest;
    if (isHookAlone && time.isOver(limits.hookMs)) return { ...hasty, hung: executingUnits(juju) };
    // What is held may have been called by another than the charm, for which the charm waits.
    const isHeldElsewhere = held.length > 0 && !running.some(({ pid }) => above.has(pid));
    const patienceMs = isHeldElsewhere ? Math.min(limits.patienceMs, elsewhereMs) : limits.patienceMs;
    const limitMs = observer.isPassing ? limits.hookMs : patienceMs;
    if (!isHookAlone && time.isOver(limitMs)) return hasty;
    await sleep(isQuiet ? 10 : 25);
  }
}

/** Comes back when what runs had all the time that a hook may take, or when nobody wants to know any more. */
export async function timeIsUp(
  { juju, limits, signal: end }: Pick<Waited, "juju" | "limits" | "signal">,
  signal: AbortSignal,
): Promise<undefined> {
  const time = new CharmTime();
  let looked = performance.now();
  while (!signal.aborted && !end.aborted && !time.isOver(limits.hookMs)) {
    await sleep(200, undefined, { signal }).catch(() => undefined);
    const now = performance.now();
    if (!signal.aborted) time.pass(now - looked, await charmProcesses(juju.modelUuid));
    looked = now;
  }
  return undefined;
}

/** The units that run a hook right now. */
export function executingUnits(juju: SimulatedJuju): readonly string[] {
  return Object.values(juju.status().applications).flatMap(({ units }) =>
    Object.entries(units).flatMap(([unit, { agent }]) => (agent.name === "executing" ? [unit] : [])),
  );
}

/** Whether a hook runs or is due, for at least so many milliseconds from now. */
export async function isBusy(juju: SimulatedJuju, timeoutMs: number): Promise<boolean> {
  try {
    await juju.settle({ allowErrors: true, timeoutMs });
    return false;
  } catch (error) {
    if (error instanceof SimulationError) return true;
    throw error;
  }
}

/** Whether nothing of a model runs but what waits for a call that is held open, and that does wait. */
async function isAllQuiet(
  running: readonly CharmProcess[],
  hasHooks: boolean,
  above: ReadonlySet<number>,
): Promise<boolean> {
  if (running.some(({ wantsToRun }) => wantsToRun)) return false;
  const isWaiting = running.length === 0 ? !hasHooks : running.every(({ pid }) => above.has(pid));
  return isWaiting && !(await isAnyBeingStarted());
}

/** The processes that are held, and all that stand above such a one. */
async function allAbove(held: readonly number[]): Promise<ReadonlySet<number>> {
  const above = new Set<number>();
  for (const pid of held) {
    for (let each = pid; each > 1 && !above.has(each); each = await parentOf(each)) above.add(each);
  }
  return above;
}
