/**
 * Ends the process of a job that was cancelled: kindly first, then for good.
 *
 * @module
 */
import type { Clock, Machine, Processes, ProcessIdentity } from "../../lib/machine/machine.ts";
import { grantId } from "../coordination/peer-records.ts";
import { Poker } from "./poke.ts";
import type { StateDirectory } from "../journal/state-directory.ts";
import type { StopTask } from "./worker-input.ts";

/** How long a worker may take to stop what it does. Long enough for a database to end a backup it was asked to end. */
const graceMs = 30_000;
const lookEveryMs = 250;

/** The worker's task. */
export async function stopProcess(input: StopTask, state: StateDirectory, machine: Machine): Promise<void> {
  await endProcess(input.process, machine, graceMs, async () => {
    const entry = (await state.open()).entries.get(grantId(input));
    // A worker that was asked to end before cannot pass this point any more.
    return entry?.pastNoReturn !== true;
  });
  new Poker(machine.processes, input.poke).pokeAndLeave();
}

/**
 * Asks a process to end, and ends it and all that it started if it does not.
 *
 * @param mayKill Asked before the process is ended for good. Default: it may.
 */
export async function endProcess(
  process: ProcessIdentity,
  { processes, clock }: Machine,
  patienceMs: number,
  mayKill: () => Promise<boolean> = async () => true,
): Promise<void> {
  await processes.signal(process, "SIGTERM");
  if (await hasEnded(process, processes, clock, patienceMs)) return;
  if (await mayKill()) await processes.signal(process, "SIGKILL");
}

async function hasEnded(
  process: ProcessIdentity,
  processes: Processes,
  clock: Clock,
  patienceMs: number,
): Promise<boolean> {
  const until = clock.uptime() + patienceMs / 1000;
  while (await processes.isRunning(process)) {
    if (clock.uptime() >= until) return false;
    await clock.sleep(lookEveryMs);
  }
  return true;
}
