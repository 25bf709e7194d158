/**
 * Reads a text as what it is: JSON or YAML.
 *
 * @module
 */
import type { Unreadable } from "../input-text.ts";
import type { Document } from "./document.ts";
import { readJson } from "./json-document.ts";

/**
 * Reads a text. One that begins like an object or a list of JSON is JSON and nothing else: to YAML, a comma before the
 * end of a list is right. The reader of YAML is loaded only when it is needed.
 */
export async function readDocument(text: string): Promise<Document | Unreadable> {
  const read = readJson(text);
  if (!("unreadable" in read) || looksLikeJson(text)) return read;
  const { readYaml } = await import("./yaml-document.ts");
  return readYaml(text);
}

/** Whether a text begins like an object or a list of JSON. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}
