/**
 * A databag as one hook sees and writes it: what was loaded, and the changes that wait for the end of the hook.
 *
 * @module
 */

/** The buffered databag of the unit itself, or of its application. */
export class SettingsBuffer {
  readonly #loaded: Readonly<Record<string, string>>;
  readonly #changes = new Map<string, string>();

  constructor(loaded: Readonly<Record<string, string>>) {
    this.#loaded = loaded;
  }

  /** Sets a key; the empty string deletes it. */
  set(key: string, value: string): void {
    this.#changes.set(key, value);
  }

  /** The databag with the changes of this hook. */
  map(): Record<string, string> {
    const map = new Map(Object.entries(this.#loaded));
    for (const [key, value] of this.#changes) {
      if (value === "") map.delete(key);
      else map.set(key, value);
    }
    return Object.fromEntries(map);
  }

  get isDirty(): boolean {
    return this.#changes.size > 0;
  }

  /**
   * What is sent at the end of the hook: the whole map that was loaded, with the changes; deleted keys as "". So a
   * value that somebody else wrote in the meantime is overwritten, though this hook never touched it.
   */
  final(): Record<string, string> {
    return { ...this.#loaded, ...Object.fromEntries(this.#changes) };
  }
}
