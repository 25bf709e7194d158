/**
 * Lets a model go step by step: nothing happens in it but what somebody takes out of the list of what may happen.
 *
 * @module
 */
import { ConfigurationError } from "../../errors.ts";
import { nothingGoesOn, promisesSettled } from "../in-process/simulated-process.ts";
import { SimulationError } from "../simulation-error.ts";
import { possibleSteps, type PossibleStep, type SteppedModel } from "./step-list.ts";
import type { Fault, Step } from "./step.ts";

const longestTurnMs = 60_000;

/** The steps of one model. */
export class Stepper {
  readonly #model: () => SteppedModel;
  /** What was listed last, so that it need not be listed again when one of it is taken. */
  #listed: readonly PossibleStep[] = [];

  /** @param model Tells what there is now. */
  constructor(model: () => SteppedModel) {
    this.#model = model;
  }

  /** What may happen now. */
  async steps(): Promise<readonly Step[]> {
    await this.quiet();
    this.#listed = possibleSteps(this.#model());
    return this.#listed.map(({ step }) => step);
  }

  /**
   * Lets one step happen, and waits until nothing else happens of it.
   *
   * @throws ConfigurationError where it may not happen now, or not with this fault.
   */
  async take(wanted: Step | string, fault: Fault | undefined): Promise<void> {
    await this.quiet();
    const listed = this.#listed.find(({ step }) => step === wanted);
    const found = listed?.isPossible() === true ? listed : this.#named(wanted);
    if (fault !== undefined && !found.step.faults.includes(fault)) {
      throw new ConfigurationError(`Fault "${fault}" cannot happen at "${found.step.name}"`, {
        remedy: `Pass one of the step's own faults: ${found.step.faults.join(", ") || "there are none"}.`,
      });
    }
    found.happen(fault);
    await this.quiet();
  }

  /**
   * Takes steps in the order of their list until only time can pass, which it does only where a hook waits for it.
   *
   * @param isEnough Asked before each step, once the one before it is done, whether to leave it at that.
   */
  async settle(timeoutMs: number, isEnough: () => boolean = () => false): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      await this.quiet();
      if (isEnough()) return;
      const possible = possibleSteps(this.#model());
      const isWaited = this.#model().agents.some(({ loop }) => loop.isBusy);
      const next = possible.find(({ step }) => step.kind !== "time") ?? (isWaited ? possible[0] : undefined);
      if (next === undefined) return;
      next.happen(undefined);
    }
  }

  /** Waits until every process stands before something or waits for the clock or the test. */
  async quiet(): Promise<void> {
    await promisesSettled();
    if (this.#isActive()) await this.#loaded();
    nothingGoesOn();
  }

  async #loaded(): Promise<void> {
    // Something real is under way, such as the loading of a worker's code.
    const deadline = performance.now() + longestTurnMs;
    while (this.#isActive()) {
      if (performance.now() > deadline) {
        throw new SimulationError("A charm or a worker neither acts nor ends", {
          remedy: "Let it wait by machine.clock.sleep() or waitFor(), or correct it.",
        });
      }
      await new Promise((resume) => {
        setImmediate(resume);
      });
    }
  }

  #named(wanted: Step | string): PossibleStep {
    const name = typeof wanted === "string" ? wanted : wanted.name;
    const possible = possibleSteps(this.#model());
    const found = possible.find(({ step }) => step.name === name);
    if (found !== undefined) return found;
    const names = possible.map(({ step }) => `"${step.name}"`).join(", ");
    throw new ConfigurationError(`"${name}" may not happen now`, {
      remedy: names === "" ? "Nothing may happen now." : `Take one of: ${names}.`,
    });
  }

  #isActive(): boolean {
    const { agents, machines } = this.#model();
    return (
      agents.some(({ inProcess }) => inProcess.process?.isActive === true) ||
      machines.some((machine) => machine.isActive)
    );
  }
}

/** The steps of a model that has them. @throws ConfigurationError for one that goes by itself. */
export function stepped(stepper: Stepper | undefined): Stepper {
  if (stepper !== undefined) return stepper;
  throw new ConfigurationError("This model goes by itself", { remedy: "Start it with stepByStep: true." });
}
