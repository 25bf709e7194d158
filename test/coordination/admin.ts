/**
 * The admin who does what statuses and queues tell him to.
 */
import type { SimulatedMachine } from "../../lib/testing/in-process/simulated-machine.ts";
import type { Trace, World } from "./world.ts";

/** An admin of one world. */
export class Admin {
  readonly #world: World;
  readonly #trace: Trace;
  /** The machines that are on although nobody speaks for their units any more. */
  readonly #orphans = new Map<string, SimulatedMachine>();

  constructor(world: World, trace: Trace) {
    this.#world = world;
    this.#trace = trace;
  }

  /** Leaves it to the admin to switch a machine off before he confirms that it is. */
  hasToSwitchOff(unit: string, machine: SimulatedMachine): void {
    this.#orphans.set(unit, machine);
  }

  /** Does what statuses and queues tell an admin to do. @returns Whether there was anything. */
  async act(): Promise<boolean> {
    const { juju } = this.#world;
    const told = new Map<string, string>();
    const leader = juju.leader("database");
    for (const { queue = "" } of this.#world.reported("database")) {
      const waiting = /run release-grant on the leader, fence=(\d+)/.exec(queue);
      if (waiting?.[1] !== undefined && leader !== undefined) told.set(waiting[1], leader);
    }
    for (const [unit, { workload }] of Object.entries(juju.status().applications["database"]?.units ?? {})) {
      const blocked = /run release-grant fence=(\d+)/.exec(workload.message);
      if (blocked?.[1] !== undefined) told.set(blocked[1], unit);
    }
    // Nothing waits for a grant whose unit is gone: nobody is told, and nobody needs to be, but nothing may be left.
    for (const { unit, fence } of this.#world.grants) {
      if (!this.#world.units.includes(unit) && leader !== undefined) told.set(String(fence), leader);
    }
    for (const [fence, on] of told) await this.#releaseGrant(Number(fence), on);
    return told.size > 0;
  }

  async #releaseGrant(fence: number, on: string): Promise<void> {
    const grant = this.#world.grants.find((each) => each.fence === fence);
    if (grant === undefined) return;
    this.#switchOff(grant.unit);
    for (let tries = 0; tries < 3; tries += 1) {
      this.#trace(`the admin runs release-grant fence=${fence} on ${on}`);
      const parameters = { fence, confirm: grant.unit };
      const ended = this.#world.juju.runAction(on, "release-grant", parameters);
      await this.#world.settle();
      // What was wrong may have ended everything in its middle.
      if (this.#world.board.violations.length > 0) return;
      const { results } = await ended;
      this.#world.read("an action's results", JSON.stringify(results));
      if (results["state"] !== "revoking") return;
      await this.#world.settle();
    }
  }

  /** Makes sure of what the admin confirms. */
  #switchOff(unit: string): void {
    const machine = this.#orphans.get(unit);
    if (machine === undefined) return;
    machine.restart();
    this.#orphans.delete(unit);
    this.#world.board.machineIsGone(unit);
  }
}
