/**
 * The messages between the hook tools and an agent: a row of netstrings, the first of which holds the number of those
 * that follow. The other side is `hook-tool.pl`.
 *
 * @module
 */

/** Writes a message. */
export function encodeMessage(fields: readonly string[]): Buffer {
  return Buffer.concat([String(fields.length), ...fields].map(netstring));
}

function netstring(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(",")]);
}

/** A message longer than this is not read: no hook tool has that much to say. */
export const longestMessageBytes: number = 64 * 1024 * 1024;

/** Puts a message together from the pieces in which it arrives. */
export class MessageReader {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #wanted = 0;

  /** Takes a piece, and gives the whole message once it is there. @throws Error where it is none. */
  add(chunk: Buffer): readonly string[] | undefined {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > longestMessageBytes) throw new Error("The message is too long.");
    if (this.#bytes < this.#wanted) return undefined;
    const all = Buffer.concat(this.#chunks);
    this.#chunks.splice(0, this.#chunks.length, all);
    return this.#decode(all);
  }

  #decode(all: Buffer): readonly string[] | undefined {
    const fields: string[] = [];
    let at = 0;
    do {
      const colon = all.indexOf(":", at);
      if (colon < 0) return undefined;
      const digits = all.toString("latin1", at, colon);
      if (!/^[0-9]{1,9}$/u.test(digits)) throw new Error("The message is no row of netstrings.");
      const end = colon + 1 + Number(digits);
      if (all.length < end + 1) {
        this.#wanted = end + 1;
        return undefined;
      }
      fields.push(all.toString("utf8", colon + 1, end));
      at = end + 1;
    } while (fields.length <= Number(fields[0]));
    return fields.slice(1);
  }
}
