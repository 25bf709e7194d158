/**
 * Names in jobs that nobody knows and that look like fields.
 *
 * @module
 */
import {
  jobConfigFields,
  reportExtensionsFields,
  reportFields,
  requestExtensionsFields,
  requestFields,
  storageConfigFields,
} from "../../wire/generated/fields.ts";
import { isObject, type JsonObject } from "../../wire/list-value.ts";
import { looksLike } from "../databag/misspelt.ts";
import type { Side } from "../../wire/side.ts";

/** A name that looks like a field that is not there. */
export interface MisspeltField {
  /** The path inside the job to the object that it is in. */
  readonly inside: readonly string[];
  readonly name: string;
  readonly meant: string;
}

const known: Readonly<Record<Side, readonly string[]>> = {
  requirer: [...requestFields, ...requestExtensionsFields],
  provider: [...reportFields, ...reportExtensionsFields],
};

/** How many names are looked at: each is compared with every field, and a databag has room for a million. */
const maxNames = 2_000;

/** Looks for misspelt names in jobs, and remembers names that it has seen. */
export class MisspeltFields {
  readonly #fields: ReadonlySet<string>;
  readonly #levels: readonly (readonly [readonly string[], readonly string[], ReadonlySet<string>])[];
  readonly #meant = new Map<string, string | undefined>();

  constructor(side: Side) {
    this.#fields = new Set(known[side]);
    this.#levels = [
      [[], known[side], this.#fields],
      [["job-config"], jobConfigFields, new Set(jobConfigFields)],
      [["storage-config"], storageConfigFields, new Set(storageConfigFields)],
    ];
  }

  /** The misspelt names of a job. */
  in(job: JsonObject): readonly MisspeltField[] {
    const found: MisspeltField[] = [];
    for (const [inside, fields, set] of this.#levels) {
      const [key] = inside;
      const object = key === undefined ? job : job[key];
      if (!isObject(object)) continue;
      for (const name in object) {
        if (set.has(name)) continue;
        const meant = this.#meantBy(name, fields, key ?? "");
        if (meant !== undefined && !Object.hasOwn(object, meant)) found.push({ inside, name, meant });
      }
    }
    return found;
  }

  #meantBy(name: string, fields: readonly string[], level: string): string | undefined {
    const key = `${level}/${name}`;
    if (!this.#meant.has(key) && this.#meant.size < maxNames) this.#meant.set(key, looksLike(name, fields));
    return this.#meant.get(key);
  }
}
