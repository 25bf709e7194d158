/**
 * Makes hooks fail without the charm's doing.
 *
 * @module
 */
import type { HookFault } from "../../testing/agent/agent-loop.ts";

/** Makes hooks about a change of a relation fail, one on each unit. */
export class HookFaults {
  #fault: HookFault = "unrun";
  #units = new Set<string>();
  #onFault: (unit: string) => void = () => undefined;

  begin(fault: HookFault, units: readonly string[], onFault: (unit: string) => void): void {
    this.#fault = fault;
    this.#units = new Set(units);
    this.#onFault = onFault;
  }

  end(): void {
    this.#units.clear();
  }

  of(unit: string, hook: string): HookFault | undefined {
    if (!hook.endsWith("-relation-changed") || !this.#units.delete(unit)) return undefined;
    this.#onFault(unit);
    return this.#fault;
  }
}
