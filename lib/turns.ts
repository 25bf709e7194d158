/**
 * Lets asynchronous actions run one after the other.
 *
 * @module
 */

/** A queue of actions, of which each begins when the one before has ended, however it did. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs an action when its turn has come. */
  async take<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}
