/**
 * What one unit's agent remembers of one relation, and which hook follows from it.
 *
 * The agent keeps no queue of events. It compares the versions it has seen with those in the model, so any number of
 * changes between two looks is one `relation-changed`.
 *
 * @module
 * @see https://documentation.ubuntu.com/juju/3.6/reference/hook/
 */
import type { HookInfo, HookRelation, RelationEvent } from "./operation.ts";
import type { Model } from "../model/model.ts";
import type { Relation } from "../model/relation.ts";
import { applicationOf } from "../model/unit-name.ts";

/** A relation as one unit has seen it. */
export class RelationState {
  readonly relation: Relation;
  readonly endpoint: string;
  readonly remoteApplication: string;
  /** Whether `relation-created` has run. */
  created = false;
  readonly #unit: string;
  readonly #members = new Map<string, number>();
  #applicationVersion = 0;
  #changedPending: string | undefined;
  /**
   * The members' databags as last read. They survive from hook to hook and are dropped only by a hook about the very
   * member: what Juju does, and a trap for charms that read another unit's databag in passing.
   */
  readonly #cache = new Map<string, Readonly<Record<string, string>> | undefined>();

  constructor(relation: Relation, unit: string) {
    this.relation = relation;
    this.#unit = unit;
    const application = applicationOf(unit);
    this.endpoint = relation.endOf(application)?.endpoint.name ?? "";
    this.remoteApplication = relation.remoteEndOf(application).application;
  }

  /** Readies the cache for a hook, an action or a command, and the members that it will see. */
  prepare(about: HookRelation | undefined): void {
    for (const member of this.#cache.keys()) if (!this.#members.has(member)) this.#cache.delete(member);
    for (const member of this.#members.keys())
      if (!this.#cache.has(member)) this.#cache.set(member, undefined);
    if (about?.id !== this.relation.id || about.remoteUnit === undefined) return;
    if (about.event === "departed") this.#cache.delete(about.remoteUnit);
    else this.#cache.set(about.remoteUnit, undefined);
  }

  /** The remote units that have joined and not departed, sorted. */
  get members(): readonly string[] {
    return [...this.#members.keys()].toSorted();
  }

  /** The members that the running hook sees. */
  get visibleMembers(): readonly string[] {
    return [...this.#cache.keys()].toSorted();
  }

  /** A member's databag out of the cache, or nothing where the unit is no member. */
  readMember(unit: string): Readonly<Record<string, string>> | undefined {
    if (!this.#cache.has(unit)) return undefined;
    const settings = this.#cache.get(unit) ?? this.relation.bag(unit).map;
    this.#cache.set(unit, settings);
    return settings;
  }

  /** Lets every databag be read afresh. */
  forgetReadings(): void {
    this.#cache.clear();
  }

  /** Takes note that the unit has seen its own application's databag. */
  sawApplication(version: number): void {
    this.#applicationVersion = version;
  }

  /** The hook that this relation wants next, if any. */
  nextHook(model: Model): HookInfo | undefined {
    const unit = model.unit(this.#unit);
    const { relation } = this;
    const ending = unit.life === "dying" || relation.life === "dying";
    const members = ending ? new Map<string, number>() : this.#remoteMembers(model);
    if (this.#changedPending !== undefined) {
      return this.#hook("changed", members.get(this.#changedPending) ?? 0, this.#changedPending);
    }
    for (const [member, version] of sorted(this.#members)) {
      if (members.has(member)) continue;
      return this.#hook("departed", version, member, unit.life === "dying" ? this.#unit : member);
    }
    if (ending) return relation.isPeer || !this.created ? undefined : this.#hook("broken", 0);
    const { version: applicationVersion } = relation.bag(this.remoteApplication);
    if (applicationVersion !== this.#applicationVersion) return this.#hook("changed", applicationVersion);
    for (const [member, version] of sorted(members)) {
      if (!this.#members.has(member)) return this.#hook("joined", version, member);
    }
    for (const [member, version] of sorted(members)) {
      if (this.#members.get(member) !== version) return this.#hook("changed", version, member);
    }
    return undefined;
  }

  /** The `relation-created` hook of this relation. */
  createdHook(): HookInfo {
    return this.#hook("created", 0);
  }

  /** Takes note that a hook has run well. */
  committed({ event, remoteUnit, version }: HookRelation): void {
    switch (event) {
      case "created":
        this.created = true;
        break;
      case "joined":
        if (remoteUnit === undefined) break;
        this.#members.set(remoteUnit, version);
        this.#changedPending = remoteUnit;
        break;
      case "changed":
        if (remoteUnit === undefined) {
          this.#applicationVersion = version;
        } else {
          this.#members.set(remoteUnit, version);
          this.#changedPending = undefined;
        }
        break;
      case "departed":
        if (remoteUnit !== undefined) this.#members.delete(remoteUnit);
        break;
      case "broken":
        break;
    }
  }

  #remoteMembers(model: Model): ReadonlyMap<string, number> {
    const members = new Map<string, number>();
    for (const name of this.relation.scope) {
      if (name === this.#unit || applicationOf(name) !== this.remoteApplication) continue;
      // A unit that is being removed counts as departed at once, so that the others can converge.
      if (model.findUnit(name)?.life === "alive") members.set(name, this.relation.bag(name).version);
    }
    return members;
  }

  #hook(event: RelationEvent, version: number, remoteUnit?: string, departingUnit?: string): HookInfo {
    return {
      name: `${this.endpoint}-relation-${event}`,
      relation: {
        id: this.relation.id,
        endpoint: this.endpoint,
        event,
        remoteApplication: this.remoteApplication,
        ...(remoteUnit === undefined ? {} : { remoteUnit }),
        ...(departingUnit === undefined ? {} : { departingUnit }),
        version,
      },
    };
  }
}

function sorted(members: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...members].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
