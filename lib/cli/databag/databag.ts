/**
 * A databag that was found in a text.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../wire/list-value.ts";
import type { Path, Place, RepeatedKey } from "../document/document.ts";
import { findJsonFaults, type JsonFaultPlace } from "../document/json-faults.ts";
import { scanJson } from "../document/json-scan.ts";

/** What the value of a key says. */
export type DatabagValue =
  | { readonly is: "absent" }
  | { readonly is: "broken"; readonly faults: readonly JsonFaultPlace[] }
  | { readonly is: "json"; readonly value: unknown };

/** Where in a databag something is: below a key of it. */
export interface DatabagPlace {
  /** Begins with the key. */
  readonly path: Path;
  readonly part: "key" | "value";
  /** Where in the text of the key's value, for what has no path. */
  readonly within?: number;
}

/** Where the databags of a relation are: an application's, or a unit's. */
export type DatabagKind = "application" | "unit";

/** The keys of the provider's application databag. Version 0 has none. */
export const applicationKeys = ["features", "lib-version", "queue", "backups", "problems"] as const;

/** A databag. A value that is not a string stands for its JSON, as which it is in the databag. */
export class FoundDatabag {
  /** Undefined where the text is one databag alone. */
  readonly kind: DatabagKind | undefined;
  /** Where it is in the text. */
  readonly base: Path;
  readonly #content: JsonObject;
  readonly #listAlone: boolean;
  readonly #values = new Map<string, DatabagValue>();

  /** @param content Its keys; or the list of its `jobs` alone. */
  constructor(content: JsonObject | readonly unknown[], base: Path = [], kind?: DatabagKind) {
    this.#listAlone = !isObject(content);
    this.#content = isObject(content) ? content : { jobs: content };
    this.base = base;
    this.kind = kind;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#content);
  }

  /** A value that is text and no JSON. A number stands for its digits; undefined where there is nothing. */
  text(key: string): unknown {
    const value = this.#own(key);
    if (value === "") return undefined;
    return typeof value === "number" ? String(value) : value;
  }

  /** A value that holds JSON. */
  value(key: string): DatabagValue {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const read = this.#read(key);
    this.#values.set(key, read);
    return read;
  }

  /** The list that a key holds; empty where it holds none. */
  list(key: string): readonly unknown[] {
    const read = this.value(key);
    return read.is === "json" && Array.isArray(read.value) ? read.value : [];
  }

  /** Whether any of the keys of the provider's application databag is there. */
  get saysApplication(): boolean {
    return applicationKeys.some((key) => this.#own(key) !== undefined);
  }

  #own(key: string): unknown {
    return Object.hasOwn(this.#content, key) ? this.#content[key] : undefined;
  }

  #read(key: string): DatabagValue {
    const value = this.#own(key);
    // Juju takes away a key that is set to the empty string.
    if (value === undefined || value === "") return { is: "absent" };
    if (typeof value !== "string") return { is: "json", value };
    try {
      return { is: "json", value: JSON.parse(value) };
    } catch {
      return { is: "broken", faults: findJsonFaults(value) };
    }
  }

  /** The places of the whole text where some places of this databag are, and the names repeated in its values. */
  placesInText(places: readonly DatabagPlace[]): {
    readonly places: readonly Place[];
    readonly repeatedKeys: readonly RepeatedKey[];
  } {
    const inText: Place[] = [];
    const repeatedKeys: RepeatedKey[] = [];
    const byKey = new Map<string, number[]>();
    for (const key of this.keys) if (this.#holdsJsonText(key)) byKey.set(key, []);
    for (const [index, { path, part, within }] of places.entries()) {
      const [key = "", ...inner] = path;
      const whole = this.#whole(path);
      inText.push({ path: whole, part, ...(within === undefined ? {} : { within }) });
      if (inner.length > 0 && within === undefined) byKey.get(String(key))?.push(index);
    }
    for (const [key, indexes] of byKey) {
      const json = this.#own(key);
      if (typeof json !== "string") continue;
      const paths = indexes.map((index) => places[index]?.path.slice(1) ?? []);
      const scanned = scanJson(json, paths);
      for (const [position, index] of indexes.entries()) {
        const { key: name = 0, value = 0, complete = false } = scanned.found[position] ?? {};
        const part = places[index]?.part === "key" && complete ? "key" : "value";
        inText[index] = { path: this.#whole([key]), part: "value", within: part === "key" ? name : value };
      }
      for (const { path, offset } of scanned.repeatedKeys)
        repeatedKeys.push({ path: [key, ...path], offset });
    }
    return { places: inText, repeatedKeys };
  }

  #whole(path: Path): Path {
    return [...this.base, ...(this.#listAlone ? path.slice(1) : path)];
  }

  /** Whether a key is one of ours, and a string that is JSON. */
  #holdsJsonText(key: string): boolean {
    if (key !== "jobs" && (key === "lib-version" || !applicationKeys.some((known) => known === key)))
      return false;
    return typeof this.#own(key) === "string" && this.value(key).is === "json";
  }
}
