/**
 * The real machine.
 *
 * @module
 */
import { uptime } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock, Machine } from "./machine.ts";
import { nodeDisk } from "./node-disk.ts";
import { nodeProcesses } from "./node-processes.ts";

/** The machine's own clock. */
export const nodeClock: Clock = {
  now: () => new Date(),
  uptime,
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  },
};

/** The machine that this process runs on. */
export const nodeMachine: Machine = { clock: nodeClock, disk: nodeDisk, processes: nodeProcesses };
