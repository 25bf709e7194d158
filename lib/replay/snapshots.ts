/**
 * From outputs of `juju show-unit` with their times to the trace of each relation.
 *
 * @module
 */
import type { Databag } from "../juju/juju.ts";
import type { Occurrence, Party, Trace, TraceEntry } from "../conformance/trace/trace.ts";
import { usualEndpoint } from "../wire/interface-name.ts";
import type { Side } from "../wire/side.ts";
import { applicationOf, shownRelations, type ShownRelation } from "./shown-relation.ts";

/** What `juju show-unit` printed at a time. */
export interface Snapshot {
  /** RFC 3339; empty where nothing tells it. */
  readonly at: string;
  /** What was printed, read as YAML or JSON. */
  readonly value: unknown;
}

/** The trace of one relation. */
export interface RelationTrace {
  /** For example `database-backup:3`. */
  readonly relation: string;
  readonly trace: Trace;
}

/**
 * Makes a trace of each relation of the interface.
 *
 * @param endpoint The endpoint of either side. Default: found out by its name, and by databags with jobs.
 */
export function relationTraces(snapshots: readonly Snapshot[], endpoint?: string): readonly RelationTrace[] {
  const shown = snapshots.map(({ at, value }) => ({ at, relations: shownRelations(value) }));
  const all = shown.flatMap(({ relations }) => relations).filter((each) => isMeant(each, endpoint));
  const ids = [...new Set(all.map(({ id }) => id))];
  return ids.map((id) => {
    const views = all.filter((each) => each.id === id);
    const provider = providerOf(views);
    const tracer = new RelationTracer(provider);
    for (const { at, relations } of shown) {
      const now = relations.filter((each) => each.id === id);
      if (now.length > 0) tracer.add(at, now);
    }
    const names = views.map((view) =>
      applicationOf(view.unit) === provider ? view.endpoint : view.relatedEndpoint,
    );
    return { relation: `${names[0] ?? ""}:${id}`, trace: tracer.trace };
  });
}

function isMeant(relation: ShownRelation, endpoint: string | undefined): boolean {
  const endpoints = [relation.endpoint, relation.relatedEndpoint];
  if (endpoint !== undefined) return endpoints.includes(endpoint);
  // What an application keeps among its own units is no interface's.
  if ([...relation.otherUnits.keys()].some((unit) => applicationOf(unit) === applicationOf(relation.unit)))
    return false;
  if (endpoints.some((name) => usualEndpoint.test(name))) return true;
  return [relation.own, relation.otherApplication, ...relation.otherUnits.values()].some(
    (databag) => "jobs" in databag,
  );
}

/** The application that is the database: its units hold jobs, or the other side's application does. */
function providerOf(views: readonly ShownRelation[]): string | undefined {
  for (const { unit, own, otherApplication, otherUnits } of views) {
    if ("jobs" in own || "jobs" in otherApplication) return applicationOf(unit);
    const [reporter] = [...otherUnits].find(([, databag]) => "jobs" in databag) ?? [];
    if (reporter !== undefined) return applicationOf(reporter);
  }
  const [view] = views;
  return view === undefined ? undefined : applicationOf(view.unit);
}

class RelationTracer {
  readonly trace: TraceEntry[] = [{ at: "", kind: "start", observed: false }];
  readonly #provider: string | undefined;
  readonly #leaders = new Map<string, string>();
  #parties: Partial<Record<Side, Party>> = {};

  constructor(provider: string | undefined) {
    this.#provider = provider;
  }

  add(at: string, views: readonly ShownRelation[]): void {
    const before = this.#parties;
    for (const view of views) this.#see(view);
    for (const { unit, leads } of views) {
      const application = applicationOf(unit);
      if (!leads || this.#leaders.get(application) === unit) continue;
      this.#leaders.set(application, unit);
      this.#push(at, { kind: "leader", application, unit });
    }
    for (const unit of goneFrom(before, this.#parties)) this.#push(at, { kind: "left", unit });
    if (JSON.stringify(before) !== JSON.stringify(this.#parties)) {
      this.#push(at, { kind: "databags", ...this.#parties });
    }
  }

  #push(at: string, occurrence: Occurrence): void {
    this.trace.push({ at, ...occurrence });
  }

  /** One unit shows all of the other side, and of its own side nothing but itself. */
  #see({ unit, own, otherApplication, otherUnits }: ShownRelation): void {
    const side: Side = applicationOf(unit) === this.#provider ? "provider" : "requirer";
    const other: Side = side === "provider" ? "requirer" : "provider";
    const mine = this.#parties[side] ?? { application: applicationOf(unit), data: {}, units: {} };
    const [named] = otherUnits.keys();
    const known = this.#parties[other]?.application;
    this.#parties = {
      ...this.#parties,
      [side]: { ...mine, units: { ...mine.units, [unit]: own } },
      [other]: {
        application: named === undefined ? (known ?? other) : applicationOf(named),
        data: otherApplication,
        units: unitsOf(otherUnits),
      },
    };
  }
}

function unitsOf(units: ReadonlyMap<string, Databag>): Readonly<Record<string, Databag>> {
  return Object.fromEntries(units);
}

function goneFrom(
  before: Partial<Record<Side, Party>>,
  after: Partial<Record<Side, Party>>,
): readonly string[] {
  const left = new Set(unitsIn(after));
  return unitsIn(before).filter((unit) => !left.has(unit));
}

function unitsIn(parties: Partial<Record<Side, Party>>): readonly string[] {
  return Object.values(parties).flatMap(({ units }) => Object.keys(units));
}
