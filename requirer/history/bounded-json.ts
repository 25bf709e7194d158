/**
 * JSON objects that keep within a number of bytes: what has no room is cut or left out.
 *
 * @module
 */

const mark = "…";
const markBytes = 3;
const quotes = 2;

/** How many bytes a value takes in JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A text whose JSON takes no more bytes than this, its quotes included; empty where there is no room for a character. */
export function cutToBytes(text: string, bytes: number): string {
  // Most texts are short, and no character takes more than six bytes of JSON.
  if (text.length * 6 + quotes <= bytes || jsonBytes(text) <= bytes) return text;
  let room = bytes - quotes - markBytes;
  let cut = "";
  for (const character of text) {
    room -= jsonBytes(character) - quotes;
    if (room < 0) break;
    cut += character;
  }
  return cut === "" ? "" : cut + mark;
}

/** An object that is filled while there is room, the most important first. */
export class BoundedObject {
  readonly #fields: Record<string, unknown> = {};
  #room: number;

  /** @param bytes How many bytes its JSON may take. */
  constructor(bytes: number) {
    this.#room = bytes - "{}".length;
  }

  /** How many bytes are left. */
  get room(): number {
    return this.#room;
  }

  /** What it holds. */
  get fields(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  /** Gives more room. */
  widen(bytes: number): void {
    this.#room += bytes;
  }

  /** Adds a field whole, or not at all. */
  put(name: string, value: unknown): void {
    if (value === undefined) return;
    const bytes = this.#cost(name) + jsonBytes(value);
    if (bytes > this.#room) return;
    this.#room -= bytes;
    this.#fields[name] = value;
  }

  /** Adds a text, as much of it as there is room for, and no more than so many bytes. */
  putText(name: string, text: string | undefined, mostBytes: number): void {
    if (text === undefined) return;
    const cut = cutToBytes(text.toWellFormed(), Math.min(mostBytes, this.#room - this.#cost(name)));
    if (cut !== "") this.put(name, cut);
  }

  /** The name in quotes, a colon, and the comma that follows. */
  #cost(name: string): number {
    return name.length + quotes + 2;
  }
}
