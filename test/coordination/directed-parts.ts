/**
 * Who plays in the schedules that were written by hand, and what happens at the beginning of several.
 */
import type { Director } from "./director.ts";

export const leader = "database/0";
export const other = "database/1";
export const last = "database/2";
export const unready = { ready: false, reason: "it is to be so" } as const;
export const primary = { ready: true, role: "primary" } as const;
export const replica = { ready: true, role: "replica" } as const;

/** The other unit is granted a job, and has not read that yet. */
export async function grantToOther(director: Director): Promise<void> {
  await director.standing(leader, unready);
  await director.world.settle();
  await director.request("job-1", "backup");
  await director.hooks(leader);
}

/** The other unit is at work on a job. */
export async function workOnOther(director: Director): Promise<void> {
  await grantToOther(director);
  director.stopAt("works");
  await director.hooks(other);
  await director.work(other);
}

/** The other unit's worker dies, and the unit is to be removed. */
export async function removeAfterDeath(director: Director): Promise<void> {
  const { juju } = director.world;
  await workOnOther(director);
  await director.hooks(other);
  for (const { pid } of juju.machine(other).processes) juju.machine(other).kill(pid);
  await juju.removeUnit(other);
}

/** While the leader's charm dawdles, the other unit leads, and grants itself a job; then the first one leads again. */
export async function leadElsewhereMeanwhile(director: Director): Promise<void> {
  const { juju, clock } = director.world;
  clock.moveTo(new Date(clock.now().getTime() + 61_000));
  await juju.setLeader(other);
  director.stopAt("works");
  await director.settle(other);
  await juju.setLeader(leader);
  await director.finish(leader);
}

/** As many jobs as done records are kept of, and more. */
export const manyJobs: readonly string[] = Array.from({ length: 67 }, (_, n) => `job-${n + 2}`);
