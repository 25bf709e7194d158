/**
 * A place where a script waits for the test, and the test for the script.
 *
 * @module
 */

/** Something that happens once. */
export class Moment {
  readonly come: Promise<void>;
  #happen: () => void = () => undefined;

  constructor() {
    this.come = new Promise((resolve) => {
      this.#happen = resolve;
    });
  }

  happen(): void {
    this.#happen();
  }
}

/** One place. */
export class Gate {
  readonly reached: Moment = new Moment();
  readonly released: Moment = new Moment();
}
