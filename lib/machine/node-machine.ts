/**
 * The real machine.
 *
 * @module
 */
import type { Clock, Machine } from "./machine.ts";
import { nodeDisk } from "./node-disk.ts";
import { nodeProcesses } from "./node-processes.ts";

/** The machine's own clock. */
export const nodeClock: Clock = {
  now: () => new Date(),
  // Loaded by those alone that ask.
  uptime: () => process.getBuiltinModule("node:os").uptime(),
  sleep: async (ms, signal) => {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake);
    });
  },
};

/** The machine that this process runs on. */
export const nodeMachine: Machine = { clock: nodeClock, disk: nodeDisk, processes: nodeProcesses };
