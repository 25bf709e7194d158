/**
 * One schedule: a story of requests, faults and steps in an order that chance gives, and then a time in which everything
 * goes well. What must never be is looked for at every step, what must come about at the end.
 */
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import type { Fate } from "./board.ts";
import { Admin } from "./admin.ts";
import { Faults, faultKinds, type FaultKind } from "./faults.ts";
import { Interleaving } from "./interleaving.ts";
import { managerNames, wireRequest, type Manager } from "./manager.ts";
import { Random } from "./random.ts";
import { comeToRest } from "./rest.ts";
import type { Variant } from "./variants.ts";
import type { Violation } from "./violations.ts";
import { World, type Trace } from "./world.ts";

/** What a schedule is made of. */
export interface ScheduleOptions {
  readonly seed: number;
  /** At most so many, and two at least. Default: 3. */
  readonly units?: number;
  /** At most so many, and two at least. Default: 4. */
  readonly jobs?: number;
  /** Default: 1, and 2 in one of four schedules. */
  readonly managers?: number;
  /** Nothing goes wrong, no job fails, and the manager cancels and edits nothing. Default: false. */
  readonly faultless?: boolean;
  /** The faults that may happen. Default: all. */
  readonly faults?: readonly FaultKind[];
  /** After so many turns everything goes well. Default: as chance has it. */
  readonly turns?: number;
  /** What differs from the shipped code. Default: nothing. */
  readonly variant?: Pick<Variant, "rules" | "around">;
  /** Called with everything that happens. */
  readonly trace?: Trace;
}

/** What a schedule came to. */
export interface ScheduleResult {
  readonly seed: number;
  readonly turns: number;
  readonly steps: number;
  readonly hooks: number;
  /** How often jobs ended so. */
  readonly ends: Readonly<Record<string, number>>;
  readonly requested: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** The leader changed while a job was at work; a job waited for another; a dead worker was cleaned up after. */
  readonly leaderChanged: boolean;
  readonly waited: boolean;
  readonly recovered: boolean;
  /** Two backups were at work at once. */
  readonly together: boolean;
  readonly violations: readonly Violation[];
}

const fates: readonly Fate[] = ["fails", "refused", "ignores a cancel", "passes the point of no return"];

/** Runs a schedule to its end. */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleResult> {
  const schedule = new Schedule(options);
  return await schedule.run();
}

class Schedule {
  readonly #options: ScheduleOptions;
  readonly #random: Random;
  readonly #interleaving: Interleaving;
  readonly #trace: Trace;
  readonly #jobs: number;
  #requested = 0;
  #dawdles = false;
  #waited = false;
  #leaderChanged = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#interleaving = new Interleaving(options.seed);
    this.#jobs = this.#between(Math.min(2, options.jobs ?? 4), options.jobs ?? 4);
    this.#trace = options.trace ?? (() => undefined);
  }

  async run(): Promise<ScheduleResult> {
    const {
      seed,
      units = 3,
      managers = seed % 4 === 0 ? managerNames.length : 1,
      variant: { rules = {}, around } = {},
    } = this.#options;
    const random = this.#random;
    const world = await World.start({
      units: this.#between(Math.min(2, units), units),
      managers,
      rules,
      ...(around === undefined ? {} : { around }),
      keepsFences: random.chance(0.7),
      afterwards: async (dispatch) => await this.#dawdle(dispatch),
      stepAt: (what) => this.#interleaving.isStep(what),
    });
    this.#interleaving.isOn = true;
    const hooks = world.juju.hooksRun().length;
    world.board.together = random.chance(0.4);
    const admin = new Admin(world, this.#trace);
    const kinds = this.#options.faultless === true ? [] : (this.#options.faults ?? faultKinds);
    const faults = new Faults(world, random, kinds, admin, this.#trace);
    // Drawn even where it is given, so that a shorter schedule is the beginning of the longer one.
    const drawn = this.#between(30, 170);
    const turns = this.#options.turns ?? drawn;
    try {
      for (let turn = 0; turn < turns && world.board.violations.length === 0; turn += 1) {
        await this.#turn(world, faults);
      }
      if (world.board.violations.length === 0) await this.#comeToRest(world, faults, admin);
    } catch (error) {
      world.board.violate("simulation", `it broke: ${error instanceof Error ? error.stack : String(error)}`);
    }
    const { violations, recoveries, concurrent } = world.board;
    const result = {
      seed,
      turns,
      steps: world.steps,
      hooks: world.juju.hooksRun().length - hooks,
      ends: countEnds(world),
      requested: this.#requested,
      faults: faults.counts,
      leaderChanged: this.#leaderChanged,
      waited: this.#waited,
      recovered: recoveries > 0,
      together: concurrent > 0,
      violations: [...violations],
    };
    await world.stop();
    return result;
  }

  async #turn(world: World, faults: Faults): Promise<void> {
    const random = this.#random;
    const related = world.managers.filter(({ relation }) => relation !== undefined);
    if (
      related.length > 0 &&
      this.#requested < this.#jobs &&
      random.chance(this.#requested === 0 ? 0.5 : 0.08)
    )
      return await this.#request(world, random.choose(related));
    const asking = world.managers.filter(({ requests }) => requests.size > 0);
    if (asking.length > 0 && random.chance(0.012)) return await this.#change(world, random.choose(asking));
    // What goes wrong while a job is at work tells more.
    if (random.chance(world.board.isActive() ? 0.12 : 0.03)) {
      const wasActive = world.board.isActive();
      const { leaderChanges } = world;
      this.#dawdles = await faults.happen();
      if (wasActive && world.leaderChanges > leaderChanges) this.#leaderChanged = true;
      return;
    }
    if (random.chance(0.02)) {
      const unit = random.pick(world.units);
      if (unit !== undefined) {
        await world.juju.updateStatus(unit);
      }
      return;
    }
    const steps = await world.juju.steps();
    const now = steps.filter(({ kind }) => kind !== "time");
    const step =
      now.length === 0 || random.chance(0.01) ? steps.find(({ kind }) => kind === "time") : random.pick(now);
    if (step === undefined) return;
    this.#trace(step.name);
    await world.take(step);
    this.#watch(world);
  }

  #watch(world: World): void {
    if (world.reported("database").some(({ queue = "" }) => queue.includes("waiting-for")))
      this.#waited = true;
  }

  async #request(world: World, manager: Manager | undefined): Promise<void> {
    if (manager === undefined) return;
    const random = this.#random;
    const id = `job-${(this.#requested += 1)}`;
    const { faultless = false } = this.#options;
    if (!faultless && random.chance(0.3)) world.board.fates.set(id, random.pick(fates) ?? "fails");
    const isRestore = random.chance(0.3);
    const deadline = !faultless && random.chance(0.1) ? { "start-before": soon(world, random) } : {};
    manager.requests.set(id, { id, fields: { ...wireRequest(id, isRestore), ...deadline } });
    this.#trace(`the ${manager.application} requests ${isRestore ? "restore" : "backup"} ${id}`);
    await world.publish(manager);
  }

  /** A manager withdraws a job that has ended, cancels one, or edits it. */
  async #change(world: World, manager: Manager | undefined): Promise<void> {
    const random = this.#random;
    const requested = random.pick([...(manager?.requests.values() ?? [])]);
    if (manager === undefined || requested === undefined) return;
    const { id, fields } = requested;
    if (world.ends.has(id)) {
      this.#trace(`the ${manager.application} withdraws ${id}`);
      manager.requests.delete(id);
    } else if (this.#options.faultless === true) {
      return;
    } else if (random.chance(0.6)) {
      this.#trace(`the ${manager.application} cancels ${id}`);
      manager.requests.set(id, { id, fields: { ...fields, cancel: true } });
    } else {
      this.#trace(`the ${manager.application} edits ${id}`);
      manager.requests.set(id, {
        id,
        fields: { ...fields, "job-config": { compression: random.chance(0.5) } },
      });
    }
    await world.publish(manager);
  }

  async #comeToRest(world: World, faults: Faults, admin: Admin): Promise<void> {
    this.#trace("from here on everything goes well");
    this.#dawdles = false;
    this.#interleaving.isOn = false;
    await faults.end();
    await comeToRest(world, admin);
  }

  /** A number out of a range, both ends included. */
  #between(least: number, most: number): number {
    return least + Math.floor(this.#random.next() * (most - least + 1));
  }

  async #dawdle({ machine }: Dispatch): Promise<void> {
    if (this.#dawdles) await machine.clock.sleep(15_000);
  }
}

function countEnds(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const ends of world.ends.values()) {
    const shown = ends.find(({ phase }) => phase !== "lost") ?? ends[0];
    if (shown !== undefined) counts[shown.phase] = (counts[shown.phase] ?? 0) + 1;
  }
  return counts;
}

function soon(world: World, random: Random): string {
  return new Date(world.clock.now().getTime() + random.next() * 30_000).toISOString();
}
