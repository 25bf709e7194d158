/**
 * Schedules written by hand, one for each rule: with the rule nothing is wrong in them, without it something is.
 */
import { Director, type DirectorOptions } from "./director.ts";
import { archiveStorage } from "./world.ts";

const leader = "database/0";
const other = "database/1";
const last = "database/2";
const unready = { ready: false, reason: "it is to be so" } as const;
const primary = { ready: true, role: "primary" } as const;
const replica = { ready: true, role: "replica" } as const;

/** A schedule. */
export interface DirectedSchedule {
  /** The variant that it finds out. */
  readonly variant: string;
  readonly options?: Omit<DirectorOptions, "rules">;
  readonly play: (director: Director) => Promise<void>;
}

/** The other unit is granted a job, and has not read that yet. */
async function grantToOther(director: Director): Promise<void> {
  await director.standing(leader, unready);
  await director.world.settle();
  await director.request("job-1", "backup");
  await director.hooks(leader);
}

/** The other unit is at work on a job. */
async function workOnOther(director: Director): Promise<void> {
  await grantToOther(director);
  director.stopAt("works");
  await director.hooks(other);
  await director.work(other);
}

/** As many jobs as done records are kept of, and more. */
const manyJobs = Array.from({ length: 67 }, (_, n) => `job-${n + 2}`);

/** One for each rule that chance seldom finds out. */
export const directedSchedules: readonly DirectedSchedule[] = [
  {
    variant: "no done record",
    play: async (director) => await director.request("job-1", "backup"),
  },
  {
    variant: "a fence that does not only grow",
    play: async (director) => {
      await director.request("job-1", "backup");
      await director.world.settle();
      await director.request("job-2", "backup");
    },
  },
  {
    // The hook dies after the start; when it runs again its unit is not ready any more.
    variant: "no journal before the start",
    play: async (director) => {
      await grantToOther(director);
      director.stopAt("disk.append", "works");
      await director.hooks(other);
      await director.take(/^database\/1 disk\.append/, { fault: "kill" });
      director.stopAt("works");
      await director.work(other);
      await director.standing(other, unready);
      await director.standing(leader, primary);
    },
  },
  {
    // The leader grants itself a job in a hook that fails; another one leads then, and grants it again.
    variant: "acts on a grant that is not committed",
    options: { keepsFences: false },
    play: async (director) => {
      await director.request("job-1", "backup");
      director.stopAt("exit", "works");
      await director.hooks(leader);
      await director.take(/^database\/0 ends/, { fault: "exit-1" });
      await director.work(leader);
      await director.world.juju.setLeader(other);
    },
  },
  {
    // The primary moves after the grant of a restore, which only a primary can do.
    variant: "does not decline",
    play: async (director) => {
      const { standings } = director.world.board;
      await director.standing(leader, replica);
      await director.world.settle();
      await director.request("job-1", "restore");
      await director.hooks(leader);
      standings.set(other, replica);
      await director.standing(leader, primary);
    },
  },
  {
    variant: "reads the databags of members alone",
    play: async (director) => {
      const { juju } = director.world;
      await workOnOther(director);
      await juju.hold(leader);
      await juju.removeUnit(other);
      director.stopAt();
      await director.settle(other);
      await juju.hold(leader, false);
      await director.standing(leader, primary);
    },
  },
  {
    variant: "does not carry a release over",
    play: async (director) => {
      const { juju } = director.world;
      await grantToOther(director);
      await juju.hold(leader);
      await director.settle(other);
      juju.machine(other).disk.wipe();
      await juju.restartMachine(other);
      await juju.updateStatus(other);
      await director.settle(other);
      await juju.hold(leader, false);
      await director.standing(leader, primary);
    },
  },
  {
    // A unit is removed by force while it works, and comes back under its name on an old image of its disk.
    variant: "is the same unit after an install",
    options: { keepsFences: false },
    play: async (director) => {
      const { juju } = director.world;
      const image = juju.machine(other).disk.copy();
      await workOnOther(director);
      await director.removeByForce(other);
      await juju.addUnit("database", { disk: image });
      await director.settle(other);
    },
  },
  {
    // The leader grants a unit a job in the moment in which that says that it leaves, and then the job to another.
    variant: "speaks after it left",
    options: { units: 3 },
    play: async (director) => {
      const { juju } = director.world;
      for (const unit of [leader, last]) await director.standing(unit, unready);
      await director.world.settle();
      await director.request("job-1", "backup");
      director.stopAt("exit");
      await director.hooks(leader);
      await juju.removeUnit(other);
      await director.take(/^database\/1 begins .*departed/);
      await director.finish(other);
      await director.finish(leader);
      director.stopAt("works", "exit");
      await director.poke(other);
      await director.work(other);
      director.stopAt("works");
      await director.standing(leader, primary);
      await director.settle(leader);
    },
  },
  {
    // A unit that has just come leads before it has met the others, one of which has a job.
    variant: "gone is who is not listed",
    options: { keepsFences: false },
    play: async (director) => {
      const { juju } = director.world;
      await workOnOther(director);
      await juju.addUnit("database");
      await juju.setLeader(last);
      await director.request("job-2", "restore");
      await director.hooksUntil(last, "start");
      await director.releaseGrant(last);
      await director.settle(last);
    },
  },
  {
    // A unit is removed by force whose worker has not begun yet.
    variant: "frees without revoking",
    play: async (director) => {
      await grantToOther(director);
      await director.hooks(other);
      await director.removeByForce(other);
      await director.standing(leader, primary);
      director.stopAt("works");
      await director.settle(leader);
      await director.work(other);
    },
  },
  {
    variant: "does not repeat the ends of who is gone",
    play: async (director) => {
      await grantToOther(director);
      await director.world.settle();
      await director.world.juju.removeUnit(other);
    },
  },
  {
    // While the leader dawdles another one leads and grants, and then the first leads again.
    variant: "no window for a leader",
    play: async (director) => {
      const { juju, clock } = director.world;
      await director.request("job-1", "backup");
      director.stopAt("status-set");
      await director.hooks(leader);
      clock.moveTo(new Date(clock.now().getTime() + 61_000));
      await juju.setLeader(other);
      director.stopAt("works");
      await director.settle(other);
      await juju.setLeader(leader);
      await director.finish(leader);
    },
  },
  {
    // The leader cannot read what stands in the databag of the application.
    variant: "takes what it cannot read for nothing",
    play: async (director) => {
      await grantToOther(director);
      await director.world.settle();
      await director.request(manyJobs, "backup", { cancel: true });
      await director.world.settle();
      await director.standing(other, unready);
      await director.world.settle();
      director.stopAt("relation-get");
      await director.world.juju.updateStatus(leader);
      await director.hooks(leader);
      for (let read = 0; read < 9; read += 1) {
        const isNext = await director.has(/^database\/0 relation-get/, "- manager");
        await director.take(/^database\/0 relation-get/, isNext ? { fault: "fail", about: "- manager" } : {});
        if (isNext) break;
      }
      director.stopAt();
      await director.finish(leader);
      await director.standing(leader, primary);
    },
  },
  {
    // A unit loses its disk, and is not who it was, before it has taken a job up or while it does.
    variant: "a grant for whoever bears the name",
    options: { keepsFences: false },
    play: async (director) => {
      await workOnOther(director);
      await director.removeByForce(other);
      await director.world.juju.addUnit("database");
    },
  },
  {
    // A hook dies between the start of its worker and the note of who that is.
    variant: "enters itself over another",
    play: async (director) => {
      const { juju } = director.world;
      await grantToOther(director);
      director.stopAt("processes.start");
      await director.hooks(other);
      director.stopAt("disk.append");
      await director.take(/^database\/1 processes\.start/);
      await director.take(/^database\/1 disk\.append/, { fault: "kill" });
      for (const { pid } of juju.machine(other).processes) director.delay(other, pid);
      director.stopAt();
      await juju.resolve(other).catch(() => undefined);
      await director.settle(other, leader);
    },
  },
  {
    // A unit is given another storage after it was granted a job, and is then removed by force.
    variant: "claims wherever it is",
    play: async (director) => {
      await grantToOther(director);
      director.world.archives.set(other, { ...archiveStorage, bucket: "another" });
      await director.hooks(other);
      await director.removeByForce(other);
      await director.standing(leader, primary);
      await director.settle(leader);
      director.stopAt("works");
      await director.work(other);
    },
  },
  {
    // The leader leaves; in its last hook of the manager's relation it reads nothing there any more.
    variant: "a broken hook speaks for the relation",
    play: async (director) => {
      const { juju } = director.world;
      await director.request("job-1", "backup");
      await director.world.settle();
      await director.request(manyJobs, "backup", { cancel: true });
      await director.world.settle();
      await juju.removeUnit(leader);
      await director.world.settle();
      await juju.setLeader(other);
    },
  },
  {
    // A worker dies, and then its unit is removed.
    variant: "leaves without cleaning up",
    play: async (director) => {
      const { juju } = director.world;
      await workOnOther(director);
      await director.hooks(other);
      for (const { pid } of juju.machine(other).processes) juju.machine(other).kill(pid);
      await juju.removeUnit(other);
      await director.take(/^database\/1 begins .*departed/);
      await director.request("job-2", "restore");
      await director.standing(leader, primary);
    },
  },
  {
    // A unit finds the disk of an application that was deployed before, with a job of the same name.
    variant: "reports of another life of the application",
    play: async (director) => {
      const before = await Director.start({ rules: {}, units: 3, isFresh: true });
      for (const unit of [leader, other]) await before.standing(unit, unready);
      await before.request("job-1", "backup");
      await before.world.settle();
      const disk = before.world.juju.machine(last).disk.copy();
      await before.stop();
      await director.world.juju.addUnit("database", { disk });
      await director.world.settle();
      director.stopAt("works");
      await director.request("job-1", "backup");
      await director.settle(leader);
      await director.hooks(last);
    },
  },
  {
    // An action asks a unit for a backup that is not ready, and a manager for another one.
    variant: "an action's job holds up everybody",
    play: async (director) => {
      await director.standing(other, unready);
      await director.world.settle();
      await director.ask(other);
      await director.world.settle();
      await director.request("job-1", "restore");
    },
  },
];
