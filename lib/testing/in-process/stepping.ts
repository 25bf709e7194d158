/**
 * Lets a test decide what happens next in a model whose charms run in its own process: hooks of several units are then
 * interleaved down to the single call of a hook tool, and anything may go wrong at any of them.
 *
 * @module
 */

/** Something that may happen next. */
export interface Step {
  readonly unit: string;
  /**
   * The unit's agent begins an operation; its charm calls a hook tool; a process of its machine has an effect (writes a
   * file, starts or ends a process); the operation's writes are handed over.
   */
  readonly kind: "operation" | "tool" | "effect" | "commit";
  /** For people: which operation, tool or effect. */
  readonly name: string;
}

/**
 * What goes wrong at a step. An operation that `failed` ends with exit code 1, as does a hook tool; one that was `killed`
 * was interrupted, and its agent starts anew.
 */
export type StepFault = "failed" | "killed";

interface Gate {
  readonly step: Step;
  readonly isOpen: () => boolean;
  readonly pass: (fault: StepFault | undefined) => void;
}

/** The steps of one model. */
export class Stepping {
  readonly #gates = new Set<Gate>();
  #isHolding = false;

  /** From now on nothing happens by itself. Before, everything does. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Lets everything happen by itself again, and all that waits at once. */
  release(): void {
    this.#isHolding = false;
    for (const gate of this.#gates) gate.pass(undefined);
    this.#gates.clear();
  }

  /** What may happen now, the longest waiting first. */
  get steps(): readonly Step[] {
    const steps: Step[] = [];
    for (const gate of this.#gates) {
      if (gate.isOpen()) steps.push(gate.step);
      else this.#gates.delete(gate);
    }
    return steps;
  }

  /** Whether a step is one that may still happen. */
  has(step: Step): boolean {
    return this.#find(step)?.isOpen() === true;
  }

  /** Lets a step happen. @param fault What goes wrong at it. Default: nothing. */
  take(step: Step, fault?: StepFault): void {
    const gate = this.#find(step);
    if (gate === undefined) return;
    this.#gates.delete(gate);
    gate.pass(fault);
  }

  /**
   * Waits until a step is taken.
   *
   * @param isOpen Whether it can still be: what a process waits to do that is dead does not happen any more.
   */
  async gate(step: Step, isOpen: () => boolean): Promise<StepFault | undefined> {
    if (!this.#isHolding) return undefined;
    return await new Promise((pass) => {
      this.#gates.add({ step, isOpen, pass });
    });
  }

  #find(step: Step): Gate | undefined {
    for (const gate of this.#gates) if (gate.step === step) return gate;
    return undefined;
  }
}
