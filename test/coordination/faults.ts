/**
 * Everything that goes wrong in a model, by kind.
 */
import type { MemoryDisk } from "../../lib/testing/in-process/memory-disk.ts";
import type { Fault, Step } from "../../lib/testing/stepping/step.ts";
import type { Admin } from "./admin.ts";
import { diskOfEarlierDeployment } from "./earlier-deployment.ts";
import type { Manager } from "./manager.ts";
import type { Random } from "./random.ts";
import { archiveStorage, type Trace, type World } from "./world.ts";

/** What may go wrong. */
export const faultKinds = [
  "hook fails",
  "hook is killed",
  "hook tool fails",
  "commit is dropped",
  "agent restarts",
  "agent dies after the commit",
  "failed hook is skipped",
  "leader moves",
  "leader moves and comes back",
  "no leader",
  "worker is killed",
  "machine restarts",
  "disk is lost",
  "unit is removed",
  "unit is removed by force",
  "unit is added",
  "unit is cut off",
  "clock is skewed",
  "store is away",
  "not ready",
  "roles move",
  "charm dawdles",
  "relation is removed or added",
  "archive storage changes",
  "unit asks for a job",
] as const;
/** What may go wrong. */
export type FaultKind = (typeof faultKinds)[number];

/** How much likelier some are than the others: those that tell more about jobs at work. */
const weights: Partial<Record<FaultKind, number>> = { "leader moves": 5, "worker is killed": 5 };

const leaseMs = 31_000;

/** The faults of one schedule. */
export class Faults {
  readonly counts: Partial<Record<FaultKind, number>> = {};
  readonly #world: World;
  readonly #random: Random;
  readonly #kinds: readonly FaultKind[];
  readonly #admin: Admin;
  readonly #trace: Trace;
  #electedAtMs = 0;

  constructor(world: World, random: Random, kinds: readonly FaultKind[], admin: Admin, trace: Trace) {
    this.#world = world;
    this.#random = random;
    this.#kinds = kinds.flatMap((kind) => Array.from({ length: weights[kind] ?? 1 }, () => kind));
    this.#admin = admin;
    this.#trace = trace;
  }

  /** Lets something go wrong. @returns Whether charms dawdle from now on, for a while. */
  async happen(): Promise<boolean> {
    const kind = this.#random.pick(this.#kinds);
    if (kind === undefined) return false;
    // What takes a unit away ends more than it shows.
    if (/removed|lost/.test(kind) && this.#random.chance(0.6)) return false;
    const unit = this.#random.pick(this.#candidates(kind));
    if (unit !== undefined && (await this.#happenTo(kind, unit))) {
      this.counts[kind] = (this.counts[kind] ?? 0) + 1;
      this.#trace(`!! ${kind}: ${unit}`);
      return kind === "charm dawdles";
    }
    return false;
  }

  /** Ends what does not end by itself. */
  async end(): Promise<void> {
    for (const manager of this.#world.managers) {
      if (await this.#world.relate(manager)) continue;
      await this.#world.settle();
      await this.#world.relate(manager);
    }
    const { juju, board } = this.#world;
    board.storeIsAway = false;
    board.standings.clear();
    // Two units with two storages wait for each other's for ever, and say so.
    this.#world.archives.clear();
    for (const unit of this.#world.units) {
      await juju.hold(unit, false);
      juju.machine(unit).skewClock(0);
    }
    // A unit may be gone by the time at which it would lead.
    while (juju.leader("database") === undefined && this.#world.units.length > 0)
      await this.#elect(this.#world.units[0]);
  }

  async #comeOrGo(manager: Manager | undefined): Promise<boolean> {
    if (manager === undefined) return false;
    if (manager.relation === undefined) return await this.#world.relate(manager);
    await this.#world.unrelate(manager);
    return true;
  }

  /** The units that it can happen to. */
  #candidates(kind: FaultKind): readonly string[] {
    const { juju, units } = this.#world;
    if (kind === "worker is killed") return units.filter((unit) => juju.machine(unit).processes.length > 0);
    if (kind !== "leader moves") return units;
    const leader = juju.leader("database");
    return units.filter((unit) => unit !== leader);
  }

  async #happenTo(kind: FaultKind, unit: string): Promise<boolean> {
    const { juju, board } = this.#world;
    const random = this.#random;
    const strike = async (where: Step["kind"], fault: Fault): Promise<boolean> => {
      const steps = await juju.steps();
      const step = random.pick(
        steps.filter(
          (each) =>
            each.unit === unit &&
            each.pid === undefined &&
            each.kind === where &&
            each.faults.includes(fault),
        ),
      );
      if (step !== undefined) await this.#world.take(step, fault);
      return step !== undefined;
    };
    switch (kind) {
      case "hook fails":
        return await strike("end", "exit-1");
      case "hook is killed":
        return await strike("act", "kill");
      case "hook tool fails":
        return await strike("act", "fail");
      case "commit is dropped":
        return await strike("end", "uncommitted");
      case "agent dies after the commit":
        return await strike("end", "unrecorded");
      case "agent restarts":
        await juju.restartAgent(unit);
        return true;
      case "failed hook is skipped":
        return await juju.resolve(unit, { retry: false }).then(
          () => true,
          () => false,
        );
      case "leader moves":
        await this.#elect(unit);
        return true;
      case "leader moves and comes back": {
        const leader = juju.leader("database");
        await this.#elect(unit);
        for (let steps = random.next() * 30; steps > 0; steps -= 1) {
          const step = random.pick(await juju.steps());
          if (step !== undefined) await this.#world.take(step);
        }
        await this.#elect(leader);
        return true;
      }
      case "no leader":
        await juju.removeLeader("database");
        return true;
      case "worker is killed": {
        const machine = juju.machine(unit);
        const victim = random.pick(machine.processes);
        if (victim !== undefined) machine.kill(victim.pid);
        return victim !== undefined;
      }
      case "machine restarts":
        await juju.restartMachine(unit);
        board.machineIsGone(unit);
        return true;
      case "disk is lost":
        juju.machine(unit).disk.wipe();
        await juju.restartMachine(unit);
        board.machineIsGone(unit);
        return true;
      case "unit is removed":
        if (this.#world.units.length < 2) return false;
        await juju.removeUnit(unit);
        return true;
      case "unit is removed by force": {
        if (this.#world.units.length < 2) return false;
        const machine = juju.machine(unit);
        await juju.removeUnit(unit, { force: true });
        if (random.chance(0.5)) {
          this.#admin.hasToSwitchOff(unit, machine);
        } else {
          machine.restart();
          board.machineIsGone(unit);
        }
        return true;
      }
      case "unit is added":
        if (this.#world.units.length > 3) return false;
        await juju.addUnit("database", await this.#diskFrom(unit));
        return true;
      case "unit is cut off":
        await juju.hold(unit, random.chance(0.5));
        return true;
      case "clock is skewed":
        juju.machine(unit).skewClock((random.next() - 0.5) * 7_200_000);
        return true;
      case "store is away":
        board.storeIsAway = !board.storeIsAway;
        return true;
      case "not ready":
        if (random.chance(0.5)) board.standings.delete(unit);
        else board.standings.set(unit, { ready: false, reason: "it is to be so" });
        return true;
      case "roles move":
        for (const each of this.#world.units) {
          board.standings.set(each, { ready: true, role: each === unit ? "primary" : "replica" });
        }
        return true;
      case "charm dawdles":
        return true;
      case "relation is removed or added":
        return await this.#comeOrGo(random.choose(this.#world.managers));
      case "archive storage changes":
        this.#world.archives.set(unit, {
          ...archiveStorage,
          bucket: random.chance(0.5) ? "another" : "archive",
        });
        return true;
      case "unit asks for a job":
        this.#world.ask(unit);
        return true;
    }
  }

  /** What a new unit finds on its machine: as a rule nothing, else what another unit left or an earlier deployment did. */
  async #diskFrom(unit: string): Promise<{ readonly disk?: MemoryDisk }> {
    const drawn = this.#random.next();
    if (drawn < 0.2) return { disk: this.#world.juju.machine(unit).disk.copy() };
    return drawn < 0.3 ? { disk: await diskOfEarlierDeployment() } : {};
  }

  /**
   * Whoever leads has led for thirty seconds before another unit does: Juju promises a leader so much. It is what the leader's
   * window relies on, and what the simulated Juju leaves to tests.
   */
  async #elect(unit: string | undefined): Promise<void> {
    if (unit === undefined || !this.#world.units.includes(unit)) return;
    const { juju, clock } = this.#world;
    if (juju.leader("database") === unit) return;
    this.#world.leaderChanges += 1;
    const until = new Date(this.#electedAtMs + leaseMs);
    if (clock.now() < until) {
      await this.#endHooks();
      clock.moveTo(until);
    }
    if (!this.#world.units.includes(unit)) return;
    await juju.setLeader(unit);
    this.#electedAtMs = clock.now().getTime();
  }

  /** Commits what has looked at the time for the last time: what may break where that stands still then is documented. */
  async #endHooks(): Promise<void> {
    const { juju, writing } = this.#world;
    const isLast = ({ unit = "", kind, what, pid }: Step): boolean =>
      kind === "end" ||
      (kind === "act" && pid === undefined && (what === "processes.leave" || writing.has(unit)));
    for (;;) {
      const step = (await juju.steps()).find(isLast);
      if (step === undefined) return;
      await this.#world.take(step);
    }
  }
}
