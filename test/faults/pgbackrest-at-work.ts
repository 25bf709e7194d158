/**
 * The pgBackRest processes of a stand, and what can be done to them.
 *
 * @module
 */
import { basename } from "node:path";
import { findProcesses, type RunningProcess } from "../../provider/postgresql/processes.ts";
import { until } from "../simulation/until.ts";

/** The pgBackRest processes of a directory of servers, those that archive WAL left out. */
export async function pgBackRestIn(directory: string): Promise<readonly RunningProcess[]> {
  return await findProcesses(
    (argv) =>
      basename(argv[0] ?? "") === "pgbackrest" &&
      argv.some((argument) => argument.includes(directory)) &&
      !argv.some((argument) => /^archive-(?:push|get)/.test(argument)),
  );
}

/** Whether a process copies for another one. */
export function isCopier({ argv }: RunningProcess): boolean {
  return argv.some((argument) => /^(?:backup|restore):local$/.test(argument));
}

/** Waits until files are being copied, and stops all of pgBackRest where it is, until {@link thaw}. */
export async function freezeWhileCopying(directory: string): Promise<readonly RunningProcess[]> {
  return await until(
    "pgBackRest copies files",
    async () => {
      const found = await pgBackRestIn(directory);
      if (!found.some(isCopier)) return undefined;
      signalAll(found, "SIGSTOP");
      return found;
    },
    limitMs,
  );
}

/** Lets processes go on that were stopped. */
export function thaw(processes: readonly RunningProcess[]): void {
  signalAll(processes, "SIGCONT");
}

/** Sends a signal to all of those that are still there. */
export function signalAll(processes: readonly RunningProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

const limitMs = 120_000;
