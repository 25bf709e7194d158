/**
 * Which process it was: a pid alone is given out again, and a machine may have been started anew.
 *
 * @module
 */
import { readFile } from "./node-files.ts";
import { errnoOf } from "../process/errno.ts";
import type { ProcessIdentity } from "./machine.ts";

/** The identity of a running process; undefined if there is none with this pid. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const startTime = await startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: await currentBootId() };
}

/** Whether exactly this process still runs. A zombie does not. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (
    identity.bootId === (await currentBootId()) && identity.startTime === (await startTimeOf(identity.pid))
  );
}

async function currentBootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may itself hold blanks and parentheses.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : fields[18];
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return undefined;
    throw error;
  }
}
