/**
 * The disk of a unit of an application that was removed before this one was deployed.
 */
import type { MemoryDisk } from "../../lib/testing/in-process/memory-disk.ts";
import { Director } from "./director.ts";

const unit = "database/0";
let disk: Promise<MemoryDisk> | undefined;

/** The disk knows how a job `job-1` ended, and of another job that it was at work. */
export async function diskOfEarlierDeployment(): Promise<MemoryDisk> {
  disk ??= makeDisk();
  return (await disk).copy();
}

async function makeDisk(): Promise<MemoryDisk> {
  const director = await Director.start({ isFresh: true });
  await director.request("job-1", "backup");
  await director.world.settle();
  // No later job may have its name: what cleans up after it would count as cleaning up after that one.
  await director.request("earlier-1", "backup");
  director.stopAt("works");
  await director.hooks(unit);
  await director.work(unit);
  const made = director.world.juju.machine(unit).disk.copy();
  await director.stop();
  return made;
}
