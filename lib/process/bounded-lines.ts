/**
 * Cuts a stream of bytes into lines, and keeps no more of a line than it may: a program that writes one line without end
 * must not fill the memory of who reads it.
 *
 * @module
 */

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Lines of bounded length. */
export class BoundedLines {
  readonly #limit: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #kept = 0;
  #hasBegun = false;

  /**
   * @param limit How many bytes of a line are kept.
   * @param onLine Called with each line, without its end.
   */
  constructor(limit: number, onLine: (line: string) => void) {
    this.#limit = limit;
    this.#onLine = onLine;
  }

  /** Takes the next bytes. */
  add(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(lineFeed, from);
      this.#keep(chunk.subarray(from, at === -1 ? chunk.length : at));
      if (at === -1) return;
      this.#give();
      from = at + 1;
    }
  }

  /** Gives the last line, where it has no end. */
  end(): void {
    if (this.#hasBegun) this.#give();
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#hasBegun = true;
    const part = bytes.subarray(0, this.#limit - this.#kept);
    if (part.length === 0) return;
    this.#parts.push(Buffer.from(part));
    this.#kept += part.length;
  }

  #give(): void {
    const all = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#kept = 0;
    this.#hasBegun = false;
    this.#onLine(all.toString("utf8", 0, all.at(-1) === carriageReturn ? all.length - 1 : all.length));
  }
}
