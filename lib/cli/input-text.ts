/**
 * The texts that the command is given: files, or standard input. Whatever stands there, memory and time are bounded.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../process/errno.ts";
import { quoted } from "../wire/received.ts";
import type { Terminal } from "./verb.ts";

/** How long a text may be: four times what Juju stores in one databag. */
export const maxInputBytes: number = 64 * 1024 * 1024;

/** Why something cannot be read as what it should be. */
export interface Unreadable {
  /** What is wrong, as the end of a sentence that begins with the input's name. */
  readonly unreadable: string;
  /** One imperative sentence. */
  readonly remedy: string;
  /** Where in the text, if anywhere. */
  readonly place?: { readonly line: number; readonly column: number };
}

/** How messages call an input. A text that stands where a file's name is expected may be a databag with its keys. */
export function inputName(file: string): string {
  if (file === "-") return "standard input";
  return /^[\w./ @+-]+$/.test(file) ? file : quoted(file);
}

/**
 * Reads a text.
 *
 * @param file A file's name, or `-` for standard input.
 */
export async function readInputText(
  file: string,
  terminal: Terminal,
): Promise<{ readonly text: string } | Unreadable> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of file === "-" ? terminal.input() : chunksOf(file)) {
      const bytes: Uint8Array = chunk;
      chunks.push(bytes);
      size += bytes.length;
      if (size > maxInputBytes) return tooLong;
    }
  } catch (error) {
    return {
      unreadable: `cannot be read (${errnoOf(error) ?? "for an unknown reason"}).`,
      remedy: "Name a file that is there and may be read.",
    };
  }
  return decodeText(Buffer.concat(chunks));
}

const chunkBytes = 1024 * 1024;

/** A file in chunks. Without streams, which take longer to load than most files take to read. */
function* chunksOf(file: string): Generator<Uint8Array> {
  const descriptor = openSync(file, "r");
  try {
    for (;;) {
      const chunk = new Uint8Array(chunkBytes);
      const size = readSync(descriptor, chunk);
      if (size === 0) return;
      yield chunk.subarray(0, size);
    }
  } finally {
    closeSync(descriptor);
  }
}

const tooLong: Unreadable = {
  unreadable: `longer than ${maxInputBytes / 1024 / 1024} MiB.`,
  remedy: "Give one databag, or the output of one juju show-unit, at a time.",
};
const saveAsUtf8 = "Save the text as UTF-8.";

/** Reads bytes as UTF-8. A byte order mark is no part of the text. */
export function decodeText(bytes: Uint8Array): { readonly text: string } | Unreadable {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { unreadable: "UTF-16, not UTF-8.", remedy: saveAsUtf8 };
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    return { unreadable: `no text: byte ${nul} is 0.`, remedy: "Give a databag as JSON or YAML." };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { unreadable: `not UTF-8 at byte ${firstInvalidByte(bytes)}.`, remedy: saveAsUtf8 };
  }
  return text.trim() === "" ? { unreadable: "empty.", remedy: "Give a databag as JSON or YAML." } : { text };
}

/** The offset of the first byte that is no UTF-8, counted from 0. */
function firstInvalidByte(bytes: Uint8Array): number {
  // What is not valid was replaced, so that it differs when it is written again.
  const replaced = Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  return bytes.findIndex((byte, index) => byte !== replaced[index]);
}
