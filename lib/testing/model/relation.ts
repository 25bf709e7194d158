/**
 * A relation of the model: its ends, who is in its scope, and its databags with their versions.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/relation/
 */
import { randomUUID } from "node:crypto";
import type { Endpoint } from "./charm-metadata.ts";

/** One application's end of a relation. */
export interface RelationEnd {
  readonly application: string;
  readonly endpoint: Endpoint;
}

/** A databag and the version that tells whether it changed. Version 0 is one that was never written. */
export interface Bag {
  map: Readonly<Record<string, string>>;
  version: number;
}

/** A relation between two applications, or of one with itself (a peer relation). */
export class Relation {
  readonly id: number;
  /** Two ends, or one in a peer relation. */
  readonly ends: readonly RelationEnd[];
  /** Of a relation across models: which application's model offers it, and the UUID that stands for the other model. */
  readonly crossModel: { readonly offeredBy: string; readonly otherUuid: string } | undefined;
  life: "alive" | "dying" = "alive";
  /** The units that take part. A unit's databag outlives its membership. */
  readonly scope: Set<string> = new Set();
  readonly #bags = new Map<string, Bag>();

  constructor(id: number, ends: readonly RelationEnd[], offeredBy?: string) {
    this.id = id;
    this.ends = ends;
    this.crossModel = offeredBy === undefined ? undefined : { offeredBy, otherUuid: randomUUID() };
  }

  get isPeer(): boolean {
    return this.ends.length === 1;
  }

  /** An application's own end, if it has one. */
  endOf(application: string): RelationEnd | undefined {
    return this.ends.find((end) => end.application === application);
  }

  /** The end that an application sees; in a peer relation its own. */
  remoteEndOf(application: string): RelationEnd {
    const remote = this.ends.find((end) => end.application !== application) ?? this.ends[0];
    if (remote === undefined) throw new Error("A relation has at least one end.");
    return remote;
  }

  /** How Juju writes the relation in its messages: `requirer:endpoint provider:endpoint`. */
  get key(): string {
    const order = ["requirer", "provider", "peer"];
    return this.ends
      .toSorted((a, b) => order.indexOf(a.endpoint.role) - order.indexOf(b.endpoint.role))
      .map((end) => `${end.application}:${end.endpoint.name}`)
      .join(" ");
  }

  /** The databag of a unit or an application; an empty one where nothing was written yet. */
  bag(owner: string): Readonly<Bag> {
    return this.#bags.get(owner) ?? { map: {}, version: 0 };
  }

  /** Writes a databag anew, over whatever was in it. */
  replace(owner: string, map: Readonly<Record<string, string>>): void {
    this.#bags.set(owner, { map, version: this.bag(owner).version + 1 });
  }

  /**
   * Sets and, for empty values, deletes keys. A change that changes nothing does not count as a new version, so
   * nobody hears of it.
   *
   * @returns Whether anything changed.
   */
  update(owner: string, changes: Readonly<Record<string, string>>): boolean {
    const { map, version } = this.bag(owner);
    const next = new Map(Object.entries(map));
    for (const [key, value] of Object.entries(changes)) {
      if (value === "") next.delete(key);
      else next.set(key, value);
    }
    const same =
      next.size === Object.keys(map).length && [...next].every(([key, value]) => map[key] === value);
    if (same) return false;
    this.#bags.set(owner, { map: Object.fromEntries(next), version: version + 1 });
    return true;
  }
}
