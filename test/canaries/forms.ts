/**
 * The forms in which a program may write a text, and where one of them stands in another text.
 *
 * @module
 */
import type { Canary } from "./credentials.ts";

/** The ways to write a text. */
export function formsOf(text: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  return new Map([
    ["plain", text],
    ["JSON", json],
    ["JSON in JSON", JSON.stringify(json).slice(1, -1)],
    ["JSON with slashes escaped", json.replaceAll("/", "\\/")],
    ["part of a URL", encodeURIComponent(text)],
    ["URL", encodeURI(text)],
    ["form", new URLSearchParams([["", text]]).toString().slice(1)],
    ["every byte of a URL", bytes.toString("hex").replace(/../g, "%$&")],
    ["hex", bytes.toString("hex")],
    ...base64Forms(bytes),
  ]);
}

/** Base64 writes a text in one of three ways, by where it begins; what stands beside it changes its first and last characters. */
function base64Forms(bytes: Buffer): readonly (readonly [string, string])[] {
  return [0, 1, 2].flatMap((offset) => {
    const written = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    const inner = written.slice(first, last);
    const url = inner.replaceAll("+", "-").replaceAll("/", "_");
    return [
      [`base64 from byte ${offset}`, inner],
      [`base64 for URLs from byte ${offset}`, url],
    ] as const;
  });
}

/** Says which canaries stand in a text, and in which form. Upper and lower case are the same: hex has both. */
export function canariesIn(text: string, canaries: readonly Canary[]): readonly string[] {
  const lower = text.toLowerCase();
  const found: string[] = [];
  for (const { name, text: canary } of canaries) {
    const form = [...formsOf(canary)].find(([, written]) => lower.includes(written.toLowerCase()));
    if (form !== undefined) found.push(`${name} (${form[0]})`);
  }
  return found;
}
