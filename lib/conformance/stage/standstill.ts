/**
 * Notices when the machine stands still, as when it is suspended or has far too much to do.
 *
 * A charm may rightly fail a hook then: Juju vouches for a leader for some seconds only.
 *
 * @module
 */

/** A pause of this length is none that a machine makes which has a little too much to do. */
const longMs = 5_000;
const stepMs = 250;

/** Watches the clock from its making on. */
export class Standstill {
  readonly #timer: NodeJS.Timeout;
  #looked = performance.now();
  #happened = false;

  constructor() {
    this.#timer = setInterval(() => this.#look(), stepMs).unref();
  }

  /** Whether it happened. */
  get happened(): boolean {
    return this.#happened;
  }

  /** Watches no more. */
  end(): void {
    this.#look();
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#happened ||= now - this.#looked > longMs;
    this.#looked = now;
  }
}
