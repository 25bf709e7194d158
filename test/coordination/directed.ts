/**
 * Schedules written by hand, one for each rule: with the rule nothing is wrong in them, without it something is.
 */
import {
  grantToOther,
  last,
  leadElsewhereMeanwhile,
  leader,
  manyJobs,
  other,
  primary,
  removeAfterDeath,
  replica,
  unready,
  workOnOther,
} from "./directed-parts.ts";
import { Director, type DirectorOptions } from "./director.ts";
import type { Invariant } from "./violations.ts";
import { archiveStorage } from "./world.ts";

/** A schedule. */
export interface DirectedSchedule {
  /** The variant that it finds out. */
  readonly variant: string;
  /** What does not hold then. */
  readonly breaks: readonly Invariant[];
  /** What happens, for people. */
  readonly story: string;
  readonly options?: Omit<DirectorOptions, "variant">;
  readonly play: (director: Director) => Promise<void>;
}

/** One for each rule at least, in the order of their variants. */
export const schedulesOfRules: readonly DirectedSchedule[] = [
  {
    variant: "no done record",
    breaks: ["rest"],
    story: "A job is requested and ends.",
    play: async (director) => await director.request("job-1", "backup"),
  },
  {
    variant: "a fence that does not only grow",
    breaks: ["told", "grant"],
    story: "Two jobs are requested, one after the other.",
    play: async (director) => {
      await director.request("job-1", "backup");
      await director.world.settle();
      await director.request("job-2", "backup");
    },
  },
  {
    variant: "no journal before the start",
    breaks: ["once", "together"],
    story: "A hook dies after it started a worker. When it runs again, its unit is not ready any more.",
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
    variant: "acts on a grant that is not committed",
    breaks: ["once"],
    story: "The leader grants itself a job in a hook that fails, and another unit leads from then on.",
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
    variant: "does not decline",
    breaks: ["told", "grant"],
    story: "The primary moves after the grant of a restore, which only a primary can do.",
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
    breaks: ["lost"],
    story: "A unit is removed during its job and says its last word while the leader is cut off.",
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
    breaks: ["lost"],
    story: "A unit ends its job and loses its disk while the leader is cut off.",
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
    variant: "is the same unit after an install",
    breaks: ["once"],
    story:
      "A unit is removed by force while it works, and comes back under its name on an old image of its disk.",
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
    variant: "speaks after it left",
    breaks: ["once", "together"],
    story:
      "The leader grants a unit a job at the moment in which that says that it leaves; then a worker pokes it.",
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
    variant: "gone is who is not listed",
    breaks: ["together"],
    story: "A new unit leads before it has met the others, one of which has a job.",
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
    variant: "frees without revoking",
    breaks: ["lost"],
    story: "A unit is removed by force whose worker has not begun yet.",
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
    breaks: ["told"],
    story: "A unit is removed whose job has ended.",
    play: async (director) => {
      await grantToOther(director);
      await director.world.settle();
      await director.world.juju.removeUnit(other);
    },
  },
  {
    variant: "no window for a leader",
    breaks: ["lost"],
    story: "While the leader's hook dawdles another unit leads and grants; then the first leads again.",
    play: async (director) => {
      await director.request("job-1", "backup");
      director.stopAt("status-set");
      await director.hooks(leader);
      await leadElsewhereMeanwhile(director);
    },
  },
  {
    variant: "writes as the leader before all else is done",
    breaks: ["lost"],
    story:
      "While a command of the leader's dawdles another unit leads and grants; then the first leads again.",
    play: async (director) => {
      await director.request("job-1", "backup");
      director.stopAt("status-set");
      await director.poke(leader);
      await leadElsewhereMeanwhile(director);
    },
  },
  {
    variant: "takes what it cannot read for nothing",
    breaks: ["once"],
    story: "The leader cannot read the requests, and more jobs have ended than done records are kept of.",
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
    variant: "a grant for whoever bears the name",
    breaks: ["once"],
    story: "A unit is removed by force while it works, and a new one gets its name.",
    options: { keepsFences: false },
    play: async (director) => {
      await workOnOther(director);
      await director.removeByForce(other);
      await director.world.juju.addUnit("database");
    },
  },
  {
    variant: "enters itself over another",
    breaks: ["lost"],
    story: "A hook dies between the start of its worker and the note of who that is, and the worker is slow.",
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
    variant: "claims wherever it is",
    breaks: ["lost"],
    story: "A unit is given another storage after it was granted a job, and is then removed by force.",
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
    variant: "revokes wherever it is",
    breaks: ["together"],
    story:
      "A unit is removed by force while it works, and the leader, which has another storage, is asked for a restore.",
    play: async (director) => {
      await workOnOther(director);
      await director.removeByForce(other);
      director.world.archives.set(leader, { ...archiveStorage, bucket: "another" });
      await director.standing(leader, primary);
      await director.request("job-2", "restore");
      await director.settle(leader);
    },
  },
  {
    variant: "a broken hook speaks for the relation",
    breaks: ["once"],
    story: "The leader is removed after more jobs have ended than done records are kept of.",
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
    variant: "leaves without cleaning up",
    breaks: ["together"],
    story: "A worker dies, and its unit is removed.",
    play: async (director) => {
      await removeAfterDeath(director);
      await director.take(/^database\/1 begins .*departed/);
      await director.request("job-2", "restore");
      await director.standing(leader, primary);
    },
  },
  {
    variant: "leaves without cleaning up",
    breaks: ["work"],
    story: "A worker dies, its unit is removed, and nothing else is requested.",
    play: removeAfterDeath,
  },
  {
    variant: "reports of another life of the application",
    breaks: ["success"],
    story: "A unit finds the disk of an earlier deployment, with a job of the same id.",
    play: async (director) => {
      const before = await Director.start({ units: 3, isFresh: true });
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
    variant: "an action's job holds up everybody",
    breaks: ["told"],
    story: "A unit that is not ready is asked for a job of its own, and a manager requests a restore.",
    play: async (director) => {
      await director.standing(other, unready);
      await director.world.settle();
      await director.ask(other);
      await director.world.settle();
      await director.request("job-1", "restore");
    },
  },
];
