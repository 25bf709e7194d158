/**
 * The two ways in which the simulated Juju runs a charm. What it promises, it promises in both.
 *
 * @module
 */
import { onTestFinished } from "vitest";
import { SimulatedJuju, type SimulatedJujuOptions } from "../../../lib/testing/index.ts";
import { InProcessProbe } from "./in-process-probe.ts";
import { stopAndCheckForLeaks } from "./leaks.ts";
import type { Probe } from "./probe.ts";
import { ProcessProbe } from "./process-probe.ts";

/** One of the two ways. */
export interface Way {
  readonly name: string;
  /** Starts a simulated Juju with probes that run so. */
  readonly start: (options?: SimulatedJujuOptions) => Promise<Probe>;
}

/** Both ways, for `describe.each`. */
export const ways: readonly Way[] = [
  {
    name: "a charm as processes",
    start: async (options) => new ProcessProbe(await SimulatedJuju.start(options)),
  },
  {
    name: "a charm in process",
    start: async (options) => new InProcessProbe(await SimulatedJuju.start(options)),
  },
];

/** Starts a simulated Juju for one test, stopped at its end even if it fails. */
export async function startForTest(way: Way, options: SimulatedJujuOptions = {}): Promise<Probe> {
  const probe = await way.start(options);
  onTestFinished(async () => stopAndCheckForLeaks(probe.juju));
  return probe;
}
