/**
 * Databags in which something was changed, and the texts in which people have databags. By numbers from a seed, because a
 * million of them are made.
 *
 * @module
 */
import { stringify } from "yaml";
import { isObject } from "../../lib/wire/list-value.ts";

/** Numbers that look random, the same for the same seed. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to one less than a limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }
}

const nested: unknown = JSON.parse("[".repeat(300) + "]".repeat(300));
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  Infinity,
  "",
  " ",
  "x",
  "full",
  "backup",
  "restore",
  "latest",
  "s3",
  "2026-02-30T00:00:00Z",
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00",
  "\ud800",
  "\u0000\u001b[31m",
  "é😀",
  "running",
  "error",
  "success",
  "failed",
  "secret:d4f2k8vmp25c7612lk10",
  "__proto__",
  "0.1",
  [],
  {},
  [null],
  ["x"],
  [1, "x"],
  { compression: true },
  { full: 1 },
  { percent: 101 },
  nested,
];
const names = [
  "job_id",
  "jobId",
  "status",
  "phase",
  "artifact-path",
  "bucket",
  "__proto__",
  "cancel",
  "retention",
  "",
];

/** A copy of a value with one thing in it changed. */
export function changed(value: unknown, chance: Chance): unknown {
  const stays = chance.below(4) > 0;
  if (stays && Array.isArray(value) && value.length > 0) return changedList(value, chance);
  if (stays && isObject(value) && Object.keys(value).length > 0) return changedObject(value, chance);
  return chance.pick(values);
}

function changedList(list: readonly unknown[], chance: Chance): unknown {
  const index = chance.below(list.length);
  const item = list[index];
  switch (chance.below(4)) {
    case 0:
      return list.toSpliced(index, 1);
    case 1:
      return [...list, item];
    default:
      return list.with(index, changed(item, chance));
  }
}

function changedObject(object: Readonly<Record<string, unknown>>, chance: Chance): unknown {
  const entries = Object.entries(object);
  const index = chance.below(entries.length);
  const [name = "", value] = entries[index] ?? [];
  switch (chance.below(5)) {
    case 0:
      return Object.fromEntries(entries.toSpliced(index, 1));
    case 1:
      return Object.fromEntries(entries.with(index, [chance.pick(names), value]));
    case 2:
      return Object.fromEntries([...entries, [chance.pick(names), chance.pick(values)]]);
    default:
      return Object.fromEntries(entries.with(index, [name, changed(value, chance)]));
  }
}

const characters = "\"\\{}[]:,'-|>&*!%@`# \n\t0aeK\u0000\ud83d".split("");

/** A copy of a text with a few characters changed, never as many as a key of a storage has. */
export function scratched(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1);
  switch (chance.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + chance.below(3));
    case 2:
      return text.slice(0, at) + chance.pick(characters) + text.slice(at);
    default:
      return text.slice(0, at) + text.slice(Math.max(0, at - 8), at) + text.slice(at);
  }
}

/** Databags as an object of their keys: the value of each but `lib-version` as a string that holds JSON. */
export function asStrings(databag: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(databag).map(([key, value]) => [
      key,
      key === "lib-version" ? value : JSON.stringify(value),
    ]),
  );
}

/** `juju show-unit` of a unit that is related to whoever wrote a databag. */
export function asShown(databag: Readonly<Record<string, unknown>>, kind: "application" | "unit"): object {
  const data = asStrings(databag);
  return {
    "shown/0": {
      "relation-info": [
        {
          endpoint: "database-backup",
          "application-data": kind === "application" ? data : {},
          "related-units": { "other/0": { "in-scope": true, data: kind === "unit" ? data : {} } },
        },
      ],
    },
  };
}

/** A value as text, in one of the ways in which people write it. YAML is written rarely, because it takes long. */
export function written(value: unknown, chance: Chance): string {
  const way = chance.below(40);
  if (way === 0 && JSON.stringify(value).length < 5_000) return stringify(value);
  return JSON.stringify(value, undefined, way < 10 ? 2 : undefined);
}
