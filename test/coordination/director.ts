/**
 * Plays a schedule that was written by hand: each hook and each worker runs in one go, but for where it is told to stop.
 */
import type { Standing } from "../../lib/executor.ts";
import type { SimulatedMachine } from "../../lib/testing/in-process/simulated-machine.ts";
import type { Fault, Step } from "../../lib/testing/stepping/step.ts";
import { Admin } from "./admin.ts";
import { wireRequest } from "./manager.ts";
import { comeToRest } from "./rest.ts";
import type { Variant } from "./variants.ts";
import type { Violation } from "./violations.ts";
import { World } from "./world.ts";

/** What a schedule that was written by hand begins with. */
export interface DirectorOptions {
  /** What differs from the shipped code. Default: nothing. */
  readonly variant?: Pick<Variant, "rules" | "around">;
  /** Default: 2. */
  readonly units?: number;
  /** Default: true. */
  readonly keepsFences?: boolean;
  /** Default: false. See {@link World.start}. */
  readonly isFresh?: boolean;
  /** The first one asks. Default: 1. */
  readonly managers?: number;
}

const mostSteps = 300;

/** The one who says what happens next in a world. */
export class Director {
  readonly world: World;
  readonly #admin: Admin;
  readonly #stops: Set<string>;
  readonly #delayed = new Set<string>();

  private constructor(world: World, stops: Set<string>) {
    this.world = world;
    this.#admin = new Admin(world, () => undefined);
    this.#stops = stops;
  }

  /** Begins with units that stand ready; `database/0` leads. */
  static async start({
    variant: { rules = {}, around } = {},
    units = 2,
    keepsFences = true,
    isFresh = false,
    managers = 1,
  }: DirectorOptions = {}): Promise<Director> {
    const stops = new Set<string>();
    const stepAt = (what: string): boolean => stops.has(what.replace(/^job-\S+ /, ""));
    const afterwards = async (): Promise<void> => undefined;
    const options = { units, rules, keepsFences, afterwards, stepAt, isFresh, managers };
    return new Director(
      await World.start({ ...options, ...(around === undefined ? {} : { around }) }),
      stops,
    );
  }

  /** What was wrong so far. */
  get violations(): readonly Violation[] {
    return this.world.board.violations;
  }

  /** Lets processes stop before these things from now on, and before no others: `relation-get`, `exit`, `works`. */
  stopAt(...what: readonly string[]): void {
    this.#stops.clear();
    for (const each of what) this.#stops.add(each);
  }

  /** The manager requests a job, or several that are alike. */
  async request(
    ids: string | readonly string[],
    type: "backup" | "restore",
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const [manager] = this.world.managers;
    if (manager === undefined) return;
    for (const id of [ids].flat())
      manager.requests.set(id, { id, fields: { ...wireRequest(id, type === "restore"), ...more } });
    await this.world.publish(manager);
  }

  /** A unit asks for a backup, as an action of its charm does. */
  async ask(unit: string): Promise<void> {
    this.world.ask(unit);
    await this.hooks(unit);
  }

  /** A unit stands so from now on, and says so. */
  async standing(unit: string, standing: Standing): Promise<void> {
    this.world.board.standings.set(unit, standing);
    await this.world.juju.updateStatus(unit);
    await this.hooks(unit);
  }

  /** The admin runs `release-grant` on a unit. */
  async releaseGrant(on: string): Promise<void> {
    const [grant] = this.world.grants;
    if (grant === undefined) return;
    void this.world.juju.runAction(on, "release-grant", { fence: grant.fence, confirm: grant.unit });
    await this.take(new RegExp(`^${on} begins .*release-grant`));
  }

  /** A worker pokes a unit, which then runs this before any other hook. */
  async poke(unit: string): Promise<void> {
    void this.world.juju.exec(unit, "JUJU_DISPATCH_PATH=hooks/poke $CHARM_DIR/dispatch");
    await this.take(new RegExp(`^${unit} begins juju-exec`));
  }

  /** Lets a unit run its hooks up to one of this name, included. */
  async hooksUntil(unit: string, hook: string): Promise<void> {
    let isOver = false;
    await this.#all((step) => {
      if (step.unit !== unit || step.pid !== undefined || isOver) return false;
      isOver = step.kind === "begin" && step.what === hook;
      return true;
    });
  }

  /** Lets a process stand still until everything comes to rest. */
  delay(machine: string, pid: number): void {
    this.#delayed.add(`${machine} ${pid}`);
  }

  /** Takes the first step whose name fits, and whose arguments hold something. */
  async take(name: RegExp, { fault, about = "" }: { fault?: Fault; about?: string } = {}): Promise<void> {
    const steps = await this.world.juju.steps();
    const step = steps.find((each) => name.test(each.name) && each.args.join(" ").includes(about));
    if (step === undefined)
      throw new Error(`Nothing fits ${String(name)}: ${steps.map((each) => each.name).join(", ")}`);
    await this.world.take(step, fault);
    this.world.look();
  }

  /** Whether a step may be taken. */
  async has(name: RegExp, about: string): Promise<boolean> {
    const steps = await this.world.juju.steps();
    return steps.some((each) => name.test(each.name) && each.args.join(" ").includes(about));
  }

  /** Lets a unit run hooks until it has none to run, or stops before something. */
  async hooks(unit: string): Promise<void> {
    await this.#all((step) => step.unit === unit && step.pid === undefined && !this.#isStop(step));
  }

  /** Lets a unit run the hook that it has begun to its end. */
  async finish(unit: string): Promise<void> {
    await this.#all((step) => step.unit === unit && step.pid === undefined && step.kind !== "begin");
  }

  /** Lets the workers of a machine go on until they end, or stop before something. */
  async work(machine: string): Promise<void> {
    await this.#all((step) => step.machine === machine && step.pid !== undefined && !this.#isStop(step));
  }

  /** Lets some units, with their workers, do everything that they can. */
  async settle(...units: readonly string[]): Promise<void> {
    await this.#all(
      (step) => step.machine !== undefined && units.includes(step.machine) && !this.#isStop(step),
    );
  }

  /** Takes a unit away by force. Its machine goes on until the admin switches it off. */
  async removeByForce(unit: string): Promise<SimulatedMachine> {
    const { juju } = this.world;
    const machine = juju.machine(unit);
    await juju.removeUnit(unit, { force: true });
    this.#admin.hasToSwitchOff(unit, machine);
    return machine;
  }

  /** Lets everything happen from here on, without stops, and judges. */
  async comeToRest(): Promise<void> {
    this.stopAt();
    await comeToRest(this.world, this.#admin);
  }

  async stop(): Promise<void> {
    await this.world.stop();
  }

  async #all(fits: (step: Step) => boolean): Promise<void> {
    for (let taken = 0; taken < mostSteps && this.violations.length === 0; taken += 1) {
      const step = (await this.world.juju.steps()).find(fits);
      if (step === undefined) break;
      await this.world.take(step);
    }
    this.world.look();
  }

  #isStop({ kind, what, machine, pid }: Step): boolean {
    if (this.#delayed.has(`${machine} ${pid}`)) return true;
    const name = kind === "end" ? "exit" : what.replace(/^job-\S+ /, "");
    return (kind === "act" || kind === "end") && this.#stops.has(name);
  }
}
