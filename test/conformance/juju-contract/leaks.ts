/**
 * Looks for what a simulated Juju should not leave behind.
 *
 * @module
 */
import { access } from "node:fs/promises";
import { expect, onTestFinished } from "vitest";
import { SimulatedJuju, type SimulatedJujuOptions } from "../../../lib/testing/index.ts";
import { survivingProcesses } from "../../../lib/testing/processes/surviving-processes.ts";

/** Stops a simulated Juju, twice, and fails where a process, a socket or a folder of it is left. */
export async function stopAndCheckForLeaks(juju: SimulatedJuju): Promise<void> {
  await juju.stop();
  await juju.stop();
  expect(await survivingProcesses(juju.modelUuid)).toEqual([]);
  await expect(access(juju.socketDirectory)).rejects.toThrow("ENOENT");
  await expect(access(juju.directory)).rejects.toThrow("ENOENT");
}

/** Starts a simulated Juju for one test, stopped at its end even if it fails. */
export async function startForTest(options: SimulatedJujuOptions = {}): Promise<SimulatedJuju> {
  const juju = await SimulatedJuju.start(options);
  onTestFinished(() => juju.stop());
  return juju;
}
