/**
 * Credentials that are marked: random, and looked for afterwards wherever they must not be.
 *
 * @module
 */
import { randomBytes } from "node:crypto";

/** A key pair. */
export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A text that must not turn up. */
export interface Canary {
  /** What messages call it, which is never the text itself. */
  readonly name: string;
  readonly text: string;
}

const watched = new Map<string, Canary>();

/** Makes a key pair that no other test has, with characters that other forms of writing it change. */
export function markedKeys(): Keys {
  const keys = {
    accessKey: `canary+access/${randomBytes(9).toString("hex")}`,
    secretKey: `canary+"secret"\\/${randomBytes(15).toString("hex")}`,
  };
  watch(keys);
  return keys;
}

/** Looks from now on for a key pair that was made elsewhere, for example by a server. */
export function watch({ accessKey, secretKey }: Keys): void {
  for (const [name, text] of [
    ["access key", accessKey],
    ["secret key", secretKey],
  ] as const) {
    watched.set(text, { name, text });
  }
}

/** What is looked for in this process. */
export function watchedCanaries(): readonly Canary[] {
  return [...watched.values()];
}
